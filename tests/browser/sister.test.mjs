// A sister domain against ours, over https in a real browser: it counts as the same site, and may set cookies for the whole
// domain. Whatever it plants, sends, frames or opens, nobody is in another's session, nothing is done in the customer's name,
// nothing is read, and nobody is locked out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:https';
import test, { after, before } from 'node:test';
import { enterCode, fillRegistration, hasStack, launch, PATIENCE, person, register, signUp, stack, submitButton, waitForMail } from './support.mjs';

const browser = hasStack
  ? await launch('--host-resolver-rules=MAP account.shop.test 127.0.0.2, MAP *.shop.test 127.0.0.1')
  : null;
const shop = hasStack ? `https://account.shop.test:${stack.port}` : '';
let evil; // serves what stands in `pages`, with the cookies in `planted`
const pages = new Map();
let planted = [];
const sister = () => `https://evil.shop.test:${evil.address().port}`;

before(async () => {
  if (!hasStack) {
    return;
  }
  const pair = { key: readFileSync(`${stack.run}/nginx/tls.key`), cert: readFileSync(`${stack.run}/nginx/tls.crt`) };
  evil = createServer(pair, (request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.setHeader('Set-Cookie', planted);
    response.end(`<!DOCTYPE html><title>evil</title>${pages.get(request.url) || ''}`);
  });
  await new Promise((done) => { evil.listen(0, '127.0.0.1', done); });
});

after(async () => {
  if (hasStack) {
    evil.close();
    await browser.close();
  }
});

async function newContext() {
  const context = await browser.newContext({ baseURL: shop, locale: 'en-GB', ignoreHTTPSErrors: true });
  context.setDefaultTimeout(PATIENCE);
  return context;
}

// A customer's browser; pages of others may complain in it as they like.
function attack(name, use) {
  test(name, { skip: !hasStack, timeout: 120000 }, async () => {
    const context = await newContext();
    try {
      planted = [];
      await use(await context.newPage(), context);
    } finally {
      await context.close();
    }
  });
}

function serve(path, html) {
  pages.set(path, html);
  return sister() + path;
}

async function who(page) {
  await page.goto('/session/');
  return JSON.parse(await page.evaluate(() => document.body.innerText));
}

async function cookie(context, name) {
  return (await context.cookies(`${shop}/`)).find((one) => one.name === name);
}

// Somebody signed in, elsewhere: what the sister's owner has to plant.
async function thief() {
  const context = await newContext();
  const someone = person();
  await signUp(await context.newPage(), someone);
  const session = (await cookie(context, '__Host-sessionid')).value;
  const token = (await cookie(context, 'csrftoken')).value;
  await context.close();
  return { ...someone, session, token };
}

// The headers of an answer, of a redirect too.
function headersOf(path) {
  const { host, hostname } = new URL(shop);
  return new Promise((done, failed) => {
    const options = { host: '127.0.0.2', port: stack.port, path, servername: hostname, headers: { host }, rejectUnauthorized: false };
    get(options, (answer) => { answer.resume(); done(answer.headers); }).on('error', failed);
  });
}

// Cookies as an answer of the sister plants them and as its scripts do, for the domain and for every path of ours.
async function plant(page, pairs) {
  const paths = ['/', '/session/', '/register/', '/register/verify/', '/login/', '/logout/', '/dashboard/'];
  const lines = pairs.flatMap(([name, value]) => paths.flatMap((path) => [
    `${name}=${value}; Domain=shop.test; Path=${path}; Secure`,
    `${name}=${value}; Domain=account.shop.test; Path=${path}; Secure`,
    `${name}=${value}; Path=${path}; Secure`,
  ]));
  planted = lines;
  await page.goto(serve('/plant', ''));
  planted = [];
  await page.evaluate((each) => each.forEach((line) => { document.cookie = line; }), lines);
}

// A form of the sister's; the status with which it is answered.
async function forge(context, action, fields) {
  const page = await context.newPage();
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
  const url = serve('/forge', `<form method="post" action="${shop}${action}">${inputs}</form><script>onload = () => document.forms[0].submit()</script>`);
  const [response] = await Promise.all([
    page.waitForResponse((answer) => answer.url() === shop + action && answer.request().method() === 'POST'),
    page.goto(url, { waitUntil: 'commit' }),
  ]);
  await page.close();
  return response.status();
}

attack('https: every answer binds the browser to it, and the session to the host', async (page, context) => {
  await page.goto('/register/');
  const file = await page.getAttribute('link[rel=stylesheet]', 'href');
  for (const path of ['/', '/register/', '/register', '/nosuch', '/static/nosuch', file]) {
    assert.equal((await headersOf(path))['strict-transport-security'], 'max-age=31536000', path);
  }
  await signUp(page, person());
  const { secure, httpOnly, sameSite, domain } = await cookie(context, '__Host-sessionid');
  assert.deepEqual({ secure, httpOnly, sameSite, domain }, { secure: true, httpOnly: true, sameSite: 'Lax', domain: 'account.shop.test' });
  assert.equal((await cookie(context, 'csrftoken')).secure, true);
});

attack('https: a sister cannot put a visitor into its own session', async (page, context) => {
  const owner = await thief();
  await plant(page, ['__Host-sessionid', 'sessionid', '__host-sessionid', '__Secure-sessionid'].map((name) => [name, owner.session]));
  assert.equal(await cookie(context, '__Host-sessionid'), undefined);
  assert.notEqual(await cookie(context, 'sessionid'), undefined);
  assert.deepEqual(await who(page), { authenticated: false });
});

attack('https: a sister cannot take over a session that begins after its cookies', async (page, context) => {
  const owner = await thief();
  await plant(page, [['__Host-sessionid', owner.session], ['sessionid', owner.session], ['csrftoken', owner.token]]);
  const someone = person();
  await signUp(page, someone);
  await plant(page, [['__Host-sessionid', owner.session], ['sessionid', owner.session], ['csrftoken', owner.token]]);
  assert.equal((await who(page)).username, someone.username);
  assert.notEqual((await cookie(context, '__Host-sessionid')).value, owner.session);
});

attack('https: forms of a sister are refused, though it planted their token', async (page, context) => {
  const owner = await thief();
  await plant(page, [['csrftoken', owner.token]]);
  assert.equal(await forge(context, '/login/', { ...owner, csrfmiddlewaretoken: owner.token }), 403);
  assert.equal(await forge(context, '/register/', { ...person(), csrfmiddlewaretoken: owner.token }), 403);
  assert.deepEqual(await who(page), { authenticated: false });
  const someone = person();
  await signUp(page, someone);
  await plant(page, [['csrftoken', owner.token]]);
  assert.equal(await forge(context, '/logout/', { csrfmiddlewaretoken: owner.token }), 403);
  assert.equal(await forge(context, '/logout/', { csrfmiddlewaretoken: (await cookie(context, 'csrftoken')).value }), 403);
  assert.equal((await who(page)).username, someone.username);
});

attack('https: cookies of a sister lock nobody out', async (page) => {
  const someone = person();
  const junk = [['csrftoken', 'planted'], ['language', 'x'], ['sessionid', 'A'.repeat(43)]];
  await plant(page, junk);
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  await plant(page, junk);
  await page.goto('/register/verify/');
  await enterCode(page, (await waitForMail(someone)).code);
  await page.waitForURL((url) => url.pathname === '/');
  await page.click('header button');
  await page.waitForSelector('header a[href="/login/"]');
  await page.goto('/login/');
  await page.fill('#username', someone.username);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await page.waitForURL((url) => url.pathname === '/');
  assert.equal((await who(page)).username, someone.username);
});

attack('https: a sister frames, reads and holds nothing', async (page, context) => {
  const someone = person();
  await signUp(page, someone);
  await page.goto(serve('/frame', `<iframe src="${shop}/dashboard/"></iframe><iframe src="${shop}/login/"></iframe>`));
  for (const frame of page.frames().slice(1)) {
    assert.equal(await frame.evaluate(() => document.forms.length + document.querySelectorAll('main').length), 0, frame.url());
  }
  const read = await page.evaluate(async (base) => {
    const texts = ['/session/', '/dashboard/', '/register/'].flatMap((path) => ['cors', 'no-cors'].map((mode) => (
      fetch(base + path, { credentials: 'include', mode }).then((answer) => answer.text()).catch(() => ''))));
    return (await Promise.all(texts)).join('');
  }, shop);
  assert.equal(read, '');
  const [popup] = await Promise.all([context.waitForEvent('page'), page.evaluate((base) => { window.shop = window.open(`${base}/dashboard/`); }, shop)]);
  await popup.waitForSelector('main');
  assert.equal(await page.evaluate(() => window.shop.closed), true);
  assert.equal((await who(popup)).username, someone.username);
});

attack('https: too many cookies of a sister cost a customer his pages until they are gone, and no more', async (page, context) => {
  const someone = person();
  await register(page, someone);
  await page.goto(serve('/flood', ''));
  await page.evaluate(() => { for (let i = 0; i < 20; i++) { document.cookie = `flood${i}=${'x'.repeat(3500)}; domain=shop.test`; } });
  const answer = await page.goto('/register/verify/');
  assert.equal(answer.status(), 400);
  assert.equal(answer.headers()['cache-control'], 'no-store, private');
  await context.clearCookies({ name: /^flood/ });
  await page.goto('/register/verify/');
  await enterCode(page, (await waitForMail(someone)).code);
  await page.waitForURL((url) => url.pathname === '/');
  assert.equal((await who(page)).username, someone.username);
});
