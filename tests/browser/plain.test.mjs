// The same journey in a browser that runs no script: plain forms, plain pages, nothing missing. What the server says about a
// field stands beside it, the first wrong field has the focus, what was typed is still there, and every page that the
// server sent on the way is valid HTML.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { ageCode, alertText, enterCode, eventually, everyMailTo, fillRegistration, hasStack, heading, launch, LIMIT, pagesOf, path,
  person, submitButton, validatePage, visit, waitForAlert, waitForFocus, waitForHeading, waitForMail, waitForPath,
  wrongCode } from './support.mjs';

const browser = hasStack ? await launch() : null;
after(() => browser && browser.close());

function plain(name, use, options = {}) {
  test(name, { skip: !hasStack, timeout: LIMIT }, () => visit(browser, { javaScriptEnabled: false, ...options }, async (page, context, served) => {
    await use(page, context);
    for (const { what, html } of await pagesOf(served)) {
      await validatePage(html, what);
    }
  }));
}

async function register(page, someone) {
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await waitForPath(page, '/register/verify/');
}

async function waitForText(page, selector, wanted) {
  await eventually(async () => assert.equal(await page.textContent(selector), wanted));
  await page.waitForLoadState();
}

plain('from the form to My Account and out again', async (page) => {
  const someone = person('Søren Ærø');
  await page.goto('/');
  await page.click('main a[href="/register/"]');
  await waitForPath(page, '/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await waitForPath(page, '/register/verify/');
  await waitForFocus(page, 'otp');
  assert.equal((await page.textContent('.address')).trim(), someone.email);
  assert.match(await page.textContent('#wait'), /in \d+ seconds/);
  const { code } = await waitForMail(someone);
  await enterCode(page, ` ${code.slice(0, 2)}-${code.slice(2)} `);
  await waitForHeading(page, 'Hello, Søren Ærø');
  assert.equal(await path(page), '/');
  await page.click('main a[href="/dashboard/"]');
  await waitForHeading(page, 'My Account');
  assert.equal((await page.textContent('.facts dd')).trim(), someone.name);
  await page.click('header button');
  await waitForHeading(page, 'Welcome to Our Shop');
  await page.goto('/dashboard/');
  assert.equal(await path(page), '/login/');
  await page.fill('#username', someone.username);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await waitForHeading(page, 'My Account');
  assert.equal(await path(page), '/dashboard/');
  await page.goto('/register/');
  assert.equal(await path(page), '/dashboard/');
  await page.goto('/logout/');
  await page.click(submitButton);
  await waitForHeading(page, 'Welcome to Our Shop');
  await page.goto('/logout/');
  assert.equal(await heading(page), 'You are logged out');
});

plain('who wanted to see a page and had no account gets there', async (page) => {
  const someone = person();
  await page.goto('/dashboard/');
  assert.equal(await path(page), '/login/');
  await page.click('main a[href^="/register/"]');
  await waitForPath(page, '/register/');
  await page.click('footer a[hreflang=de]');
  await waitForHeading(page, 'Ihr Konto anlegen');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await waitForPath(page, '/register/verify/');
  const { code } = await waitForMail(someone);
  await enterCode(page, code);
  await waitForPath(page, '/dashboard/');
});

plain('in German, by the link in the footer', async (page) => {
  const someone = person();
  await page.goto('/register/');
  await page.click('footer a[hreflang=de]');
  await waitForHeading(page, 'Ihr Konto anlegen');
  await register(page, someone);
  assert.equal(await heading(page), 'Sehen Sie in Ihr Postfach');
  const { code, text } = await waitForMail(someone);
  assert.match(text, /^Guten Tag,/);
  await enterCode(page, code);
  await waitForHeading(page, 'Guten Tag, John Doe');
});

plain('errors stand beside their fields, values are kept, the first wrong field has the focus', async (page) => {
  const someone = { name: 'John "Doe" <b>', username: 'j d', email: 'john@localhost', password: 'johndoe123' };
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await waitForAlert(page, /./);
  assert.equal(await alertText(page), 'Please check the marked fields.');
  assert.match(await page.title(), /^Error: Create your account/);
  assert.match(await page.textContent('#username-error'), /letters, digits/);
  assert.match(await page.textContent('#email-error'), /valid e-mail address/);
  assert.match(await page.textContent('#password-error'), /too easy to guess/);
  await waitForFocus(page, 'username');
  assert.equal(await page.getAttribute('#email', 'aria-invalid'), 'true');
  for (const field of ['name', 'username', 'email']) {
    assert.equal(await page.inputValue(`#${field}`), someone[field]);
  }
  assert.equal(await page.inputValue('#password'), '', 'a password came back');
});

plain('a wrong password at the login', async (page) => {
  const { username } = person();
  await page.goto('/login/?next=/dashboard/');
  await page.fill('#username', username);
  await page.fill('#password', 'not the password');
  await page.click(submitButton);
  await waitForAlert(page, /do not match/);
  assert.equal(await page.inputValue('#username'), username);
  assert.equal(await page.inputValue('[name=next]'), '/dashboard/');
  await waitForFocus(page, 'password');
});

plain('signing in before the code was typed leads to the code page', async (page, context) => {
  const someone = person();
  await register(page, someone);
  const { code } = await waitForMail(someone);
  await context.clearCookies();
  await page.goto('/login/');
  await page.fill('#username', someone.email);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await waitForPath(page, '/register/verify/');
  await enterCode(page, code);
  await waitForHeading(page, 'Hello, John Doe');
});

plain('wrong codes until it is locked, resends, and a code that has run out', async (page) => {
  const someone = person();
  await register(page, someone);
  const { code } = await waitForMail(someone);
  for (const left of [4, 3, 2]) {
    await enterCode(page, wrongCode(code, left));
    await waitForAlert(page, new RegExp(`${left} attempts left`));
    await waitForFocus(page, 'otp');
  }
  await enterCode(page, '12');
  await eventually(async () => assert.match(await page.textContent('#otp-error'), /digits of the code/));
  await enterCode(page, wrongCode(code, 5));
  await waitForAlert(page, /one attempt left/);
  await enterCode(page, wrongCode(code, 6));
  await waitForText(page, 'h2', 'This code is used up');
  assert.equal(await heading(page), 'Check your mail');
  await page.click('.again button');
  await waitForAlert(page, /too often.*in \d+ seconds/);
  assert.equal((await everyMailTo(someone, browser)).length, 1);
  await ageCode(someone, 61);
  await page.click('.again button');
  await waitForText(page, '#notice', 'We have sent a new code. The one before no longer works.');
  assert.equal(await path(page), '/register/verify/');
  await waitForMail(someone, 2);
  await ageCode(someone, 700);
  await page.reload();
  assert.equal(await page.textContent('h2'), 'This code has run out');
  await page.click('.again button');
  await page.waitForSelector('#otp');
  const last = await waitForMail(someone, 3);
  await enterCode(page, last.code);
  await waitForHeading(page, 'Hello, John Doe');
});

plain('mending the address', async (page) => {
  const someone = person();
  const mended = { ...someone, email: person().email };
  await register(page, someone);
  await page.click('.mend a');
  await waitForPath(page, '/register/');
  assert.equal(await page.inputValue('#email'), someone.email);
  await page.fill('#email', mended.email);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await waitForPath(page, '/register/verify/');
  assert.equal((await page.textContent('.address')).trim(), mended.email);
  await enterCode(page, (await waitForMail(mended)).code);
  await waitForHeading(page, 'Hello, John Doe');
});

plain('a token that is gone: the form again, with what was typed', async (page, context) => {
  const someone = person();
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await context.clearCookies();
  await page.click(submitButton);
  await waitForAlert(page, /open for too long/);
  assert.equal(await page.inputValue('#email'), someone.email);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await waitForPath(page, '/register/verify/');
});

plain('a code page whose session has ended', async (page, context) => {
  const someone = person();
  await register(page, someone);
  await context.clearCookies({ name: 'sessionid' });
  await page.click('.again button');
  await waitForHeading(page, 'That did not work');
  await page.reload();
  await page.goto('/register/verify/');
  assert.equal(await path(page), '/register/');
});
