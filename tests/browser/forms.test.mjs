// What a form does when something is not as it should be, in a browser with JavaScript: every message stands where it belongs
// and is announced, focus goes to the first wrong field, and what was typed is still there. A token that is too old
// is renewed without a word; a network or a server that is away is said in human words.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { alertText, enterCode, eventually, everyMailTo, fillRegistration, hasStack, holdRequests, launch, LIMIT, listen, path, person,
  register, said, signUp, submitButton, visit, waitForAlert, waitForFocus, waitForHeading, waitForMail,
  waitForPath } from './support.mjs';

const browser = hasStack ? await launch() : null;
after(() => browser && browser.close());

function form(name, use, options = {}) {
  test(name, { skip: !hasStack, timeout: LIMIT }, () => visit(browser, options, use));
}

async function valuesAreKept(page, someone) {
  for (const field of ['name', 'username', 'email', 'password']) {
    assert.equal(await page.inputValue(`#${field}`), someone[field], `${field} is lost`);
  }
}

async function buttonIsBack(page) {
  await page.waitForFunction((button) => !document.querySelector(button).hasAttribute('aria-disabled'), submitButton);
  assert.equal(await page.textContent(submitButton), 'Create account');
}

function countPosts(page) {
  const posts = [];
  page.on('request', (request) => request.method() === 'POST' && posts.push(new URL(request.url()).pathname));
  return posts;
}

form('errors stand beside their fields, and focus goes to the first', async (page) => {
  const someone = { name: 'John Doe', username: 'j d', email: 'john@example', password: 'johndoe123' };
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('[aria-invalid]');
  assert.equal(await page.getAttribute('#alert', 'role'), 'alert');
  assert.equal(await alertText(page), 'Please check the marked fields.');
  assert.equal(await page.textContent('#username-error'), 'A username may contain only letters, digits and . + - _');
  assert.equal(await page.textContent('#email-error'), 'Please enter a valid e-mail address.');
  assert.match(await page.textContent('#password-error'), /too easy to guess/);
  assert.equal(await page.textContent('#name-error'), '');
  for (const field of ['username', 'email', 'password']) {
    assert.equal(await page.getAttribute(`#${field}`, 'aria-invalid'), 'true');
    assert.ok((await page.getAttribute(`#${field}`, 'aria-describedby')).split(' ').includes(`${field}-error`));
  }
  assert.equal(await page.getAttribute('#name', 'aria-invalid'), null);
  await waitForFocus(page, 'username');
  await valuesAreKept(page, someone);
  await buttonIsBack(page);
  await page.fill('#username', 'jd');
  assert.equal(await page.textContent('#username-error'), '', 'a mended field is still called wrong');
});

form('empty fields are judged by the server, in its words', async (page) => {
  await page.goto('/register/');
  await page.click(submitButton);
  await page.waitForSelector('[aria-invalid]');
  assert.equal((await page.$$('[aria-invalid]')).length, 4);
  await waitForFocus(page, 'name');
});

form('names that somebody has are said to be taken', async (page) => {
  const someone = person();
  await signUp(page, someone);
  await page.context().clearCookies();
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('[aria-invalid]');
  assert.equal(await page.textContent('#username-error'), 'This username is already taken.');
  assert.equal(await page.textContent('#email-error'), 'This e-mail address is already registered.');
});

form('a wrong password: one message, the name kept, focus on the password', async (page) => {
  const { username } = person();
  await page.goto('/login/');
  await page.fill('#username', username);
  await page.fill('#password', 'not the password');
  await page.click(submitButton);
  await waitForAlert(page, /do not match/);
  await waitForFocus(page, 'password');
  assert.equal(await page.inputValue('#username'), username);
});

form('digits that are no code cost no attempt', async (page) => {
  await register(page, person());
  await enterCode(page, '12');
  await page.waitForSelector('#otp[aria-invalid]');
  assert.match(await page.textContent('#otp-error'), /digits of the code/);
  await waitForFocus(page, 'otp');
  assert.equal(await page.inputValue('#otp'), '12');
  await page.reload();
  assert.match(await page.textContent('#otp-hint'), /5 attempts/);
});

form('a token that is gone is renewed without a word', async (page, context) => {
  const posts = countPosts(page);
  await page.goto('/register/');
  await fillRegistration(page, person());
  await context.clearCookies({ name: 'csrftoken' });
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  assert.deepEqual(posts, ['/register/', '/register/']);
});

form('a token of another session is renewed without a word', async (page, context) => {
  const posts = countPosts(page);
  const someone = person();
  await signUp(page, someone);
  await page.goto('/logout/');
  const [stale] = (await context.cookies()).filter((cookie) => cookie.name === 'csrftoken');
  await page.click(submitButton);
  await waitForPath(page, '/');
  await page.goto('/login/');
  await context.addCookies([stale]);
  await page.fill('#username', someone.username);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await waitForPath(page, '/');
  assert.deepEqual(posts.filter((path) => path === '/login/'), ['/login/', '/login/']);
});

form('a page that is older than the token in the cookie is sent with the newer one', async (page, context) => {
  const posts = countPosts(page);
  await page.goto('/register/');
  const second = await context.newPage();
  await signUp(second, person());
  await second.click('main button');
  await waitForHeading(second, 'Welcome to Our Shop');
  await fillRegistration(page, person());
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  assert.deepEqual(posts, ['/register/']);
});

form('a token that stays refused is said, once', async (page) => {
  const posts = countPosts(page);
  const refusal = { success: false, code: 'csrf_failed', message: 'This page was open for too long.', csrf_token: 'x' };
  await page.route('**/register/', (route) => (route.request().method() === 'POST'
    ? route.fulfill({ status: 403, contentType: 'application/json', body: JSON.stringify(refusal) }) : route.continue()));
  await page.goto('/register/');
  await page.click(submitButton);
  await waitForAlert(page, /open for too long/);
  assert.equal(posts.length, 2);
});

form('a session that has ended leads from the code page to a new start', async (page, context) => {
  const someone = person();
  await register(page, someone);
  const { code } = await waitForMail(someone);
  await context.clearCookies();
  await enterCode(page, code);
  await page.waitForSelector('#email');
  await waitForAlert(page, /No registration is waiting/);
  assert.equal(await path(page), '/register/');
});

form('the network is away: said in words, nothing lost, and it works when it is back', async (page, context) => {
  const someone = person();
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await context.setOffline(true);
  await page.click(submitButton);
  await waitForAlert(page, /cannot reach the shop/);
  await valuesAreKept(page, someone);
  await buttonIsBack(page);
  await context.setOffline(false);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
});

form('the answer is lost on its way: sending again goes on, with one mail', async (page) => {
  const someone = person();
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.route('**/register/', async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await page.click(submitButton);
  await waitForAlert(page, /cannot reach the shop/);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  await waitForMail(someone);
  assert.equal((await everyMailTo(someone, browser)).length, 1);
});

for (const status of [502, 503, 504]) {
  form(`the server is away with ${status} and a page of its own`, async (page) => {
    const someone = person();
    await page.goto('/register/');
    await fillRegistration(page, someone);
    await page.route('**/register/', (route) => route.fulfill({ status, contentType: 'text/html', body: '<h1>Bad</h1>' }), { times: 1 });
    await page.click(submitButton);
    await waitForAlert(page, /not right on our side/);
    await valuesAreKept(page, someone);
    await buttonIsBack(page);
  });
}

form('the server says itself that it is away: its own words', async (page) => {
  const answer = { success: false, code: 'unavailable', message: 'We cannot do that right now.' };
  await page.goto('/register/');
  await page.route('**/register/', (route) => route.fulfill({ status: 503, contentType: 'application/json', body: JSON.stringify(answer) }));
  await page.click(submitButton);
  await waitForAlert(page, /cannot do that right now/);
  await buttonIsBack(page);
});

form('the network goes away behind the step: the form stays and says so', async (page) => {
  const someone = person();
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.route('**/register/verify/', (route) => route.abort());
  await page.click(submitButton);
  await waitForAlert(page, /cannot reach the shop/);
  await valuesAreKept(page, someone);
  await page.unroute('**/register/verify/');
  await page.click(submitButton);
  await page.waitForSelector('#otp');
});

form('a button is held while its answer is awaited', async (page) => {
  const posts = countPosts(page);
  await page.goto('/register/');
  await fillRegistration(page, person());
  const release = await holdRequests(page, '**/register/');
  await page.click(submitButton);
  assert.equal(await page.getAttribute(submitButton, 'aria-disabled'), 'true');
  assert.equal(await page.textContent(submitButton), 'One moment …');
  await page.click(submitButton, { force: true });
  await page.focus('#name');
  await page.keyboard.press('Enter');
  release();
  await page.waitForSelector('#otp');
  assert.equal(posts.length, 1);
});

form('a kept page comes back with its buttons free', async (page) => {
  await page.goto('/register/');
  await page.route('**/register/', () => {}, { times: 1 });
  await page.click(submitButton);
  assert.equal(await page.getAttribute(submitButton, 'aria-disabled'), 'true');
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await buttonIsBack(page);
});

form('the password can be shown, and is hidden again when it is sent', async (page) => {
  await page.goto('/register/');
  await page.fill('#password', 'short');
  const button = page.getByRole('button', { name: 'Show password' });
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  await button.click();
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  assert.equal(await page.getAttribute('#password', 'type'), 'text');
  await page.click(submitButton);
  await page.waitForSelector('[aria-invalid]');
  assert.equal(await page.getAttribute('#password', 'type'), 'password');
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
});

form('the hint follows what is typed, and is read out when the typing rests', async (page) => {
  const hint = () => page.textContent('#password-hint');
  await page.goto('/register/');
  const first = await hint();
  await page.fill('#name', 'John Doe');
  await page.fill('#email', 'john.doe@example.com');
  await page.fill('#password', 'jo');
  assert.equal(await hint(), '6 more characters to go.');
  await page.fill('#password', 'johndo😀');
  assert.equal(await hint(), 'One more character to go.');
  await page.fill('#password', 'JohnDoe123');
  assert.match(await hint(), /your own name/);
  await page.fill('#password', 'aaaaaaaa');
  assert.match(await hint(), /Long enough/);
  await listen(page);
  await page.fill('#password', 'green trains at dawn');
  assert.match(await hint(), /Long enough/);
  await eventually(async () => assert.match((await said(page)).join('\n'), /^Long enough/m));
  await page.fill('#password', '');
  assert.equal(await hint(), first);
});

form('advice on a password takes nothing else from who listens', async (page) => {
  await page.goto('/register/');
  await page.fill('#password', 'green trains at dawn');
  await page.focus('#name');
  const left = await page.evaluate(async () => {
    document.querySelector('#live').textContent = 'Something else';
    await new Promise((done) => { setTimeout(done, 1300); }); // the advice waits 1,200 ms
    return document.querySelector('#live').textContent;
  });
  assert.equal(left, 'Something else');
});

form('fields tell browsers and keyboards what they are', async (page) => {
  await page.goto('/register/');
  const attribute = (field, name) => page.getAttribute(`#${field}`, name);
  assert.deepEqual(await Promise.all(['name', 'username', 'email', 'password'].map((field) => attribute(field, 'autocomplete'))),
    ['name', 'username', 'email', 'new-password']);
  assert.equal(await attribute('username', 'autocapitalize'), 'none');
  assert.equal(await attribute('username', 'spellcheck'), 'false');
  await page.goto('/login/');
  assert.equal(await attribute('username', 'autocomplete'), 'username');
  assert.equal(await attribute('password', 'autocomplete'), 'current-password');
  await register(page, person());
  assert.equal(await attribute('otp', 'autocomplete'), 'one-time-code');
  assert.equal(await attribute('otp', 'inputmode'), 'numeric');
  assert.equal(await attribute('otp', 'maxlength'), null);
  assert.ok(await page.$eval('#otp', (field) => parseFloat(getComputedStyle(field).fontSize) >= 16));
});
