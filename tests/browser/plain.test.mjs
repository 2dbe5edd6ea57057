// The same journey in a browser that runs no script: plain forms, plain pages, nothing missing. What the server says about a
// field stands beside it, the first wrong field has the focus, what was typed is still there, and every page that the
// server sent on the way is valid HTML.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { ageCode, alertText, enterCode, fillRegistration, focused, hasStack, launch, mailsTo, person, submitButton, validatePage, visit,
  waitForMail, wrongCode } from './support.mjs';

const browser = hasStack ? await launch() : null;
after(() => browser && browser.close());

function plain(name, use, options = {}) {
  test(name, { skip: !hasStack, timeout: 60000 }, () => visit(browser, { javaScriptEnabled: false, ...options }, async (page, context, served) => {
    await use(page, context);
    for (const { what, html } of served) {
      await validatePage(html, what);
    }
  }));
}

async function register(page, someone) {
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForURL((url) => url.pathname === '/register/verify/');
}

function heading(page) {
  return page.textContent('h1');
}

function path(page) {
  return new URL(page.url()).pathname;
}

plain('from the form to My Account and out again', async (page) => {
  const someone = person('Søren Ærø');
  await page.goto('/');
  await page.click('main a[href="/register/"]');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForURL((url) => url.pathname === '/register/verify/');
  assert.equal(await focused(page), 'otp');
  assert.equal((await page.textContent('.address')).trim(), someone.email);
  assert.match(await page.textContent('#wait'), /in \d+ seconds/);
  const { code } = await waitForMail(someone);
  await enterCode(page, ` ${code.slice(0, 2)}-${code.slice(2)} `);
  assert.equal(path(page), '/');
  assert.equal(await heading(page), 'Hello, Søren Ærø');
  await page.click('main a[href="/dashboard/"]');
  assert.equal((await page.textContent('.facts dd')).trim(), someone.name);
  await page.click('header button');
  assert.equal(await heading(page), 'Welcome to Our Shop');
  await page.goto('/dashboard/');
  assert.equal(path(page), '/login/');
  await page.fill('#username', someone.username);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  assert.equal(path(page), '/dashboard/');
  await page.goto('/register/');
  assert.equal(path(page), '/dashboard/');
  await page.goto('/logout/');
  await page.click(submitButton);
  await page.goto('/logout/');
  assert.equal(await heading(page), 'You are logged out');
});

plain('in German, by the link in the footer', async (page) => {
  const someone = person();
  await page.goto('/register/');
  await page.click('footer a[hreflang=de]');
  assert.equal(await heading(page), 'Ihr Konto anlegen');
  await register(page, someone);
  assert.equal(await heading(page), 'Sehen Sie in Ihr Postfach');
  const { code, text } = await waitForMail(someone);
  assert.match(text, /^Guten Tag,/);
  await enterCode(page, code);
  assert.equal(await heading(page), 'Guten Tag, John Doe');
});

plain('errors stand beside their fields, values are kept, the first wrong field has the focus', async (page) => {
  const someone = { name: 'John "Doe" <b>', username: 'j d', email: 'john@localhost', password: 'johndoe123' };
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  assert.equal(await alertText(page), 'Please check the marked fields.');
  assert.match(await page.title(), /^Error: Create your account/);
  assert.match(await page.textContent('#username-error'), /letters, digits/);
  assert.match(await page.textContent('#email-error'), /valid e-mail address/);
  assert.match(await page.textContent('#password-error'), /too easy to guess/);
  assert.equal(await focused(page), 'username');
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
  assert.match(await alertText(page), /do not match/);
  assert.equal(await page.inputValue('#username'), username);
  assert.equal(await page.inputValue('[name=next]'), '/dashboard/');
  assert.equal(await focused(page), 'password');
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
  assert.equal(path(page), '/register/verify/');
  await enterCode(page, code);
  assert.equal(await heading(page), 'Hello, John Doe');
});

plain('wrong codes until it is locked, resends, and a code that has run out', async (page) => {
  const someone = person();
  await register(page, someone);
  const { code } = await waitForMail(someone);
  for (const left of [4, 3, 2]) {
    await enterCode(page, wrongCode(code, left));
    assert.match(await alertText(page), new RegExp(`${left} attempts left`));
    assert.equal(await focused(page), 'otp');
  }
  await enterCode(page, '12');
  assert.match(await page.textContent('#otp-error'), /digits of the code/);
  await enterCode(page, wrongCode(code, 5));
  assert.match(await alertText(page), /one attempt left/);
  await enterCode(page, wrongCode(code, 6));
  assert.equal(await heading(page), 'Check your mail');
  assert.equal(await page.textContent('h2'), 'This code is used up');
  await page.click('.again button');
  assert.match(await alertText(page), /too often.*in \d+ seconds/);
  assert.equal(mailsTo(someone).length, 1);
  ageCode(someone, 61);
  await page.click('.again button');
  assert.equal(path(page), '/register/verify/');
  assert.equal(await page.textContent('#notice'), 'We have sent the code again.');
  await waitForMail(someone, 2);
  ageCode(someone, 700);
  await page.reload();
  assert.equal(await page.textContent('h2'), 'This code has run out');
  await page.click('.again button');
  const last = await waitForMail(someone, 3);
  await enterCode(page, last.code);
  assert.equal(await heading(page), 'Hello, John Doe');
});

plain('mending the address', async (page) => {
  const someone = person();
  const mended = { ...someone, email: person().email };
  await register(page, someone);
  await page.click('.mend a');
  assert.equal(await page.inputValue('#email'), someone.email);
  await page.fill('#email', mended.email);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  assert.equal((await page.textContent('.address')).trim(), mended.email);
  await enterCode(page, (await waitForMail(mended)).code);
  assert.equal(await heading(page), 'Hello, John Doe');
});

plain('a token that is gone: the form again, with what was typed', async (page, context) => {
  const someone = person();
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await context.clearCookies();
  await page.click(submitButton);
  assert.match(await alertText(page), /open for too long/);
  assert.equal(await page.inputValue('#email'), someone.email);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  assert.equal(path(page), '/register/verify/');
});

plain('a code page whose session has ended', async (page, context) => {
  const someone = person();
  await register(page, someone);
  await context.clearCookies({ name: 'sessionid' });
  await page.click('.again button');
  assert.equal(await heading(page), 'That did not work');
  await page.reload();
  await page.goto('/register/verify/');
  assert.equal(path(page), '/register/');
});
