// Other origins against ours, in a real browser: another port of the same host, which shares its cookies and counts as the
// same site, and another site. Whatever their pages send, frame, open or plant, nothing is done in the customer's name,
// nothing is read, and nobody is locked out.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import test, { after, before } from 'node:test';
import { enterCode, eventually, fillRegistration, hasStack, launch, LIMIT, PATIENCE, person, signUp, stack, submitButton, waitForHeading,
  waitForMail, waitForPath } from './support.mjs';

const browser = hasStack ? await launch() : null;
let evil; // serves what stands in `pages`
const pages = new Map();
const origins = () => [`http://127.0.0.1:${evil.address().port}`, `http://localhost:${evil.address().port}`];

before(async () => {
  evil = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<!DOCTYPE html><title>evil</title>${pages.get(request.url) || ''}`);
  });
  await new Promise((done) => { evil.listen(0, '127.0.0.1', done); });
});

after(async () => {
  evil.close();
  if (browser) {
    await browser.close();
  }
});

// A customer's browser; pages of others may complain in it as they like.
function attack(name, use) {
  test(name, { skip: !hasStack, timeout: LIMIT }, async () => {
    const context = await browser.newContext({ baseURL: stack.url, locale: 'en-GB' });
    context.setDefaultTimeout(PATIENCE);
    try {
      await use(await context.newPage(), context);
    } finally {
      await context.close();
    }
  });
}

function serve(path, html) {
  pages.set(path, html);
  return path;
}

async function who(context) {
  const response = await context.request.get('/session/', { headers: { Accept: 'application/json' } });
  return response.json();
}

// The same host's other port can read the token; a form with it has all that ours has, but for where it comes from.
async function forge(context, origin, action, kind, fields) {
  const page = await context.newPage();
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
  const path = serve('/forge', `<form method="post" action="${stack.url}${action}" enctype="${kind}">${inputs}
    <input name="csrfmiddlewaretoken"></form><script>
    document.forms[0].csrfmiddlewaretoken.value = (document.cookie.match(/csrftoken=([^;]*)/) || [])[1] || '';
    onload = () => document.forms[0].submit();</script>`);
  const [response] = await Promise.all([
    page.waitForResponse((answer) => answer.url() === stack.url + action && answer.request().method() === 'POST'),
    page.goto(origin + path, { waitUntil: 'commit' }),
  ]);
  await page.close();
  return response.status();
}

for (const kind of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
  attack(`forms of other origins are refused, though they carry the token: ${kind}`, async (page, context) => {
    const someone = person();
    await signUp(page, someone);
    for (const origin of origins()) {
      for (const action of ['/logout/', '/login/', '/register/', '/register/verify/', '/register/resend/']) {
        const status = await forge(context, origin, action, kind, { ...person(), otp: '1234' });
        assert.ok(status === 403 || (kind === 'text/plain' && status === 415), `${origin} ${kind} ${action}: ${status}`);
      }
      assert.equal((await who(context)).username, someone.username);
    }
  });
}

attack('forms of other origins sign nobody in as somebody else', async (page, context) => {
  const thief = person();
  await signUp(page, thief);
  await context.clearCookies();
  await page.goto('/login/');
  for (const origin of origins()) {
    assert.equal(await forge(context, origin, '/login/', 'application/x-www-form-urlencoded', thief), 403);
    assert.deepEqual(await who(context), { authenticated: false });
  }
});

attack('scripts of other origins read nothing and do nothing', async (page, context) => {
  const someone = person();
  await signUp(page, someone);
  for (const origin of origins()) {
    await page.goto(origin + serve('/script', ''));
    const read = await page.evaluate(async (shop) => {
      const token = (document.cookie.match(/csrftoken=([^;]*)/) || [])[1] || '';
      const tries = [
        ['/session/', { credentials: 'include' }],
        ['/session/', { credentials: 'include', mode: 'no-cors' }],
        ['/dashboard/', { credentials: 'include' }],
        ['/logout/', { method: 'POST', credentials: 'include', mode: 'no-cors' }],
        ['/logout/', { method: 'POST', credentials: 'include', headers: { 'X-CSRFToken': token } }],
        ['/logout/', { method: 'POST', credentials: 'include', mode: 'no-cors', body: new URLSearchParams({ csrfmiddlewaretoken: token }) }],
      ];
      const said = await Promise.all(tries.map(([path, options]) => fetch(shop + path, options).then((answer) => answer.text()).catch(() => '')));
      return said.filter((text) => text !== '');
    }, stack.url);
    assert.deepEqual(read, []);
    assert.equal((await who(context)).username, someone.username);
  }
});

attack('no page can be framed', async (page) => {
  await signUp(page, person());
  const shown = ['/', '/login/', '/register/', '/dashboard/', '/logout/', '/register/verify/', '/nosuch'];
  for (const origin of origins()) {
    await page.goto(origin + serve('/frames', shown.map((path) => `<iframe src="${stack.url}${path}"></iframe>`).join('')));
    assert.equal(page.frames().length, shown.length + 1);
    for (const frame of page.frames().slice(1)) {
      await eventually(async () => assert.equal(await frame.evaluate(() => location.href), 'chrome-error://chromewebdata/'));
      assert.equal(await frame.evaluate(() => document.forms.length + document.querySelectorAll('main').length), 0, frame.url());
    }
  }
});

attack('a window that was opened by another origin is let go', async (page, context) => {
  await signUp(page, person());
  for (const origin of origins()) {
    await page.goto(origin + serve('/opener', ''));
    const [popup] = await Promise.all([context.waitForEvent('page'), page.evaluate((shop) => { window.shop = window.open(`${shop}/dashboard/`); }, stack.url)]);
    await popup.waitForSelector('main');
    assert.equal(await popup.evaluate(() => window.opener), null);
    await eventually(async () => assert.equal(await page.evaluate(() => window.shop.closed), true));
    await popup.close();
  }
});

attack('cookies that another port plants lock nobody out', async (page, context) => {
  const someone = person();
  const [origin] = origins();
  await page.goto('/register/');
  await page.goto(origin + serve('/plant', ''));
  await page.evaluate(() => {
    for (const path of ['/register/', '/register/verify/', '/login/', '/logout/']) {
      document.cookie = `csrftoken=planted; path=${path}`;
      document.cookie = `language=\${x}; path=${path}`;
    }
  });
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  await enterCode(page, (await waitForMail(someone)).code);
  await waitForPath(page, '/');
  await page.click('header button');
  await waitForHeading(page, 'Welcome to Our Shop');
  await page.goto('/login/');
  await page.fill('#username', someone.username);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await waitForPath(page, '/');
  assert.equal((await who(context)).username, someone.username);
});
