// What can be judged of looks without eyes, on every page and state: no axe violation in light and dark, on a phone and a
// desktop; valid HTML; no line that is wider than a small phone; a register page that is small; and no word that customers
// should not see.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { states } from './states.mjs';
import { auditPage, everyRule, hasStack, launch, LIMIT, overflow, pagesOf, person, register, rulesOfColour, rulesOfMail, signUp, stack,
  submitButton, validateMail, validatePage, visit, waitForMail, waitForPath } from './support.mjs';

const browser = hasStack ? await launch() : null;
after(() => browser && browser.close());

const widths = [1280, 360];
const forbidden = /storefront/i;

function look(name, use, options = {}) {
  test(name, { skip: !hasStack, timeout: LIMIT }, () => visit(browser, options, use));
}

async function setWidth(page, width) {
  await page.setViewportSize({ width, height: 800 });
  await page.waitForFunction((wanted) => innerWidth === wanted, width);
}

async function judgeAtEveryWidth(page, what, rules = everyRule) {
  for (const width of widths) {
    await setWidth(page, width);
    await page.emulateMedia({ colorScheme: 'light' });
    await auditPage(page, `${what}, ${width} px, light`, rules);
    await page.emulateMedia({ colorScheme: 'dark' }); // changes colours and nothing else
    await auditPage(page, `${what}, ${width} px, dark`, rulesOfColour);
  }
  for (const width of [360, 320]) {
    await setWidth(page, width);
    assert.equal(await overflow(page), 0, `${what} is wider than ${width} px`);
  }
}

for (const [state, arrive] of Object.entries(states)) {
  look(`${state}: axe, HTML, widths, words`, async (page, context, served) => {
    await arrive(page, context);
    await judgeAtEveryWidth(page, state, state === 'mail' ? rulesOfMail : everyRule);
    assert.doesNotMatch(await page.evaluate(() => document.documentElement.outerHTML), forbidden);
    for (const { what, html } of await pagesOf(served)) {
      assert.doesNotMatch(html, forbidden, what);
      await validatePage(html, what);
    }
  }, { reducedMotion: 'reduce' });
}

for (const address of ['/', '/register/', '/login/', '/logout/', '/nowhere/']) {
  look(`German, with its longer words: ${address}`, async (page) => {
    await page.goto(`${address}?language=de`);
    await judgeAtEveryWidth(page, address);
  }, { reducedMotion: 'reduce' });
}

look('German, with its longer words: signed in', async (page) => {
  await page.goto('/?language=de');
  await signUp(page, person('Maximilian-Alexander Schlüter-Dornseifenbrück'));
  await judgeAtEveryWidth(page, 'home');
  await page.goto('/dashboard/');
  await judgeAtEveryWidth(page, 'dashboard');
}, { reducedMotion: 'reduce' });

look('names and addresses as long as they come', async (page) => {
  const long = person('W'.repeat(150));
  long.username = `${long.username}${'w'.repeat(100)}`;
  long.email = `${'m'.repeat(40)}-${long.email}`;
  await register(page, long);
  assert.equal(await overflow(page), 0);
  await setWidth(page, 320);
  assert.equal(await overflow(page), 0, 'the code page');
  await page.fill('#otp', (await waitForMail(long)).code);
  await page.keyboard.press('Enter');
  await waitForPath(page, '/');
  assert.equal(await overflow(page), 0, 'home');
  await page.goto('/dashboard/');
  assert.equal(await overflow(page), 0, 'dashboard');
});

look('colours that the customer forces', async (page) => {
  await page.goto('/register/');
  await auditPage(page, 'register');
  const border = await page.$eval(submitButton, (button) => getComputedStyle(button).borderTopColor);
  assert.notEqual(border, 'rgba(0, 0, 0, 0)', 'the button cannot be told from text');
}, { forcedColors: 'active' });

look('no motion for those who want none', async (page) => {
  await page.goto('/register/');
  const moving = () => page.$$eval('*', (elements) => elements.filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== 'none' || !/^(0s(, )?)+$/.test(style.transitionDuration);
  }).length);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  assert.equal(await moving(), 0);
});

look('text at twice its size still fits', async (page) => {
  await setWidth(page, 640);
  for (const address of ['/', '/register/', '/login/']) {
    await page.goto(address);
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    assert.equal(await overflow(page), 0, address);
  }
});

look('the register page is small, all in, and its parts are kept for a year', async (page) => {
  const sizes = [];
  page.on('requestfinished', async (request) => {
    sizes.push(Promise.all([request.url(), request.sizes(), request.response()]));
  });
  await page.goto('/register/', { waitUntil: 'networkidle' });
  const parts = await Promise.all(sizes);
  const icon = await page.request.get(await page.getAttribute('link[rel=icon]', 'href'));
  const total = parts.reduce((sum, [, size]) => sum + size.responseBodySize + size.responseHeadersSize, (await icon.body()).length);
  console.log(`register page: ${total} bytes in ${parts.length + 1} files`);
  assert.ok(parts.length >= 4);
  assert.ok(total < 30 * 1024, `${total} bytes`);
  for (const [url, , response] of parts.filter(([address]) => address.includes('/static/'))) {
    const headers = response.headers();
    assert.equal(headers['content-encoding'], 'gzip', url);
    assert.match(headers['cache-control'], /max-age=31536000.*immutable/, url);
    assert.doesNotMatch(await response.text(), forbidden, url);
  }
});

look('what nginx says by itself', async (page, context, served) => {
  await page.goto('/static/nothing.css');
  assert.equal(await page.textContent('h1'), 'That did not work');
  await judgeAtEveryWidth(page, 'nginx 404');
  await page.goto('/static/nothing.css?language=de');
  assert.ok((await pagesOf(served)).length > 0);
  const folder = join(stack.state, 'published', 'errors');
  const pages = readdirSync(folder).filter((file) => file.endsWith('.html'));
  assert.ok(pages.length >= 12);
  for (const file of pages) {
    const html = readFileSync(join(folder, file), 'utf8');
    assert.doesNotMatch(html, forbidden, file);
    assert.doesNotMatch(html, /<form|csrfmiddlewaretoken/, file);
    await validatePage(html, file);
  }
}, { reducedMotion: 'reduce' });

look('the mail, as text and as a page', async (page) => {
  const someone = person();
  await page.goto('/register/?language=de');
  await register(page, someone);
  const german = await waitForMail(someone);
  await page.goto('/login/');
  await page.context().clearCookies();
  const other = person();
  await register(page, other);
  const english = await waitForMail(other);
  for (const mail of [german, english]) {
    await validateMail(mail.html, 'mail');
    assert.ok(mail.text.split(/\r?\n/).includes(mail.code), 'the code is not alone on its line');
    assert.ok(mail.text.includes(`${stack.url}/register/verify/`) && mail.html.includes(`${stack.url}/register/verify/`));
    assert.ok(mail.text.includes('10 Min') || mail.text.includes('10 min'));
    assert.doesNotMatch(mail.text + mail.html + mail.subject, forbidden);
    assert.doesNotMatch(mail.text + mail.html + mail.subject, /John|Doe/, 'words of the customer in a mail');
    assert.ok(mail.text.split(/\r?\n/).every((line) => !/\{\{|\}\}/.test(line)));
  }
});
