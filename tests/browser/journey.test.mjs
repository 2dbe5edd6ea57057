// The journey from stranger to customer in a browser with JavaScript: what must happen in place happens in place, every way
// back to the code page leads there, and nobody is sent round in circles. A mail is read from the stack's mailbox, never
// guessed from the database.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { ageCode, alertText, enterCode, eventually, everyMailTo, fillRegistration, hasStack, heading, holdRequests, isSameDocument,
  launch, LIMIT, listen, markDocument, path, person, register, said, signUp, submitButton, visit, waitForAlert, waitForFocus,
  waitForHeading, waitForMail, waitForPath, wrongCode } from './support.mjs';

const browser = hasStack ? await launch() : null;
after(() => browser && browser.close());

function journey(name, use, options = {}) {
  test(name, { skip: !hasStack, timeout: LIMIT }, () => visit(browser, options, use));
}

// Lets the page's clock run: its countdowns are as if it had been shown `seconds` earlier.
function agePage(page, seconds) {
  return page.evaluate((milliseconds) => {
    const now = Date.now;
    Date.now = () => now() + milliseconds;
  }, seconds * 1000);
}

journey('from the form to My Account and out again, the code page in place', async (page) => {
  const someone = person('Zoë Kovač');
  await page.goto('/');
  await page.click('main a[href="/register/"]');
  await waitForHeading(page, 'Create your account');
  await markDocument(page);
  const documents = [];
  page.on('request', (request) => request.isNavigationRequest() && documents.push(request.url()));
  await fillRegistration(page, someone);
  await listen(page);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  assert.equal(await path(page), '/register/verify/');
  assert.ok(await isSameDocument(page), 'the document was left');
  assert.deepEqual(documents, []);
  assert.equal(await page.title(), 'Check your mail – Our Shop');
  await waitForFocus(page, 'otp');
  assert.ok((await said(page)).includes('Check your mail – Our Shop'));
  assert.equal((await page.textContent('.address')).trim(), someone.email);

  const mail = await waitForMail(someone);
  assert.equal(mail.subject, `${mail.code} is your code for Our Shop`);
  await enterCode(page, mail.code);
  await waitForHeading(page, `Hello, ${someone.name}`);
  assert.equal(await path(page), '/');

  await page.click('main a[href="/dashboard/"]');
  await waitForHeading(page, 'My Account');
  const facts = await page.$$eval('.facts dd', (elements) => elements.map((element) => element.textContent.trim()));
  assert.deepEqual(facts.slice(0, 2), [someone.name, someone.username]);
  assert.ok(facts[2].startsWith(someone.email));
  assert.match(await page.getAttribute('time', 'datetime'), /^\d{4}-\d\d-\d\d$/);
  assert.match(facts[3], /^\d+ \w+ \d{4}$|^\w+ \d+, \d{4}$/);

  await page.click('header button');
  await waitForHeading(page, 'Welcome to Our Shop');
  await page.goto('/dashboard/');
  assert.equal(await path(page), '/login/');
  await page.fill('#username', someone.email);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await waitForHeading(page, 'My Account');
  assert.equal(await path(page), '/dashboard/');
});

journey('who wanted to see a page and had no account gets there, over all that lies between', async (page) => {
  const someone = person();
  await page.goto('/dashboard/');
  assert.equal(await path(page), '/login/');
  await page.click('main a[href^="/register/"]');
  await waitForHeading(page, 'Create your account');
  await markDocument(page);
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  assert.equal(new URL(page.url()).searchParams.get('next'), '/dashboard/');
  await page.click('.mend a');
  await waitForHeading(page, 'Create your account');
  assert.equal(new URL(page.url()).searchParams.get('next'), '/dashboard/');
  await page.goBack();
  await page.waitForSelector('#otp');
  assert.ok(await isSameDocument(page), 'the document was left');
  const { code } = await waitForMail(someone);
  await enterCode(page, wrongCode(code));
  await waitForAlert(page, /not right/);
  await page.click('footer a[hreflang=de]');
  await waitForHeading(page, 'Sehen Sie in Ihr Postfach');
  await page.click('footer a[hreflang=en]');
  await waitForHeading(page, 'Check your mail');
  assert.equal(new URL(page.url()).searchParams.get('next'), '/dashboard/');
  await enterCode(page, code);
  await waitForHeading(page, 'My Account');
  assert.equal(await path(page), '/dashboard/');
});

journey('and over a code that was sent before the script had come', async (page) => {
  const someone = person();
  await page.route('**/static/site.*.js', (route) => route.abort());
  await page.goto('/register/?next=/dashboard/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  const { code } = await waitForMail(someone);
  await page.unroute('**/static/site.*.js');
  await enterCode(page, wrongCode(code));
  await waitForAlert(page, /4 attempts/);
  await markDocument(page);
  await enterCode(page, wrongCode(code, 2));
  await waitForAlert(page, /3 attempts/);
  assert.ok(await isSameDocument(page), 'no script was at work');
  await page.click('footer a[hreflang=de]');
  await waitForHeading(page, 'Sehen Sie in Ihr Postfach');
  await enterCode(page, code);
  await waitForPath(page, '/dashboard/');
});

journey('the same in German, from the footer on', async (page) => {
  const someone = person('Jürgen Groß');
  await page.goto('/register/');
  await page.click('footer a[hreflang=de]');
  await waitForHeading(page, 'Ihr Konto anlegen');
  assert.equal(await page.getAttribute('html', 'lang'), 'de');
  assert.ok(!(await page.evaluate(() => location.href)).includes('language'), 'the address keeps the language');
  await fillRegistration(page, { ...someone, email: 'niemand' });
  await page.click(submitButton);
  await waitForAlert(page, /Bitte prüfen Sie die markierten Felder/);
  await page.fill('#email', someone.email);
  await page.click(submitButton);
  await waitForHeading(page, 'Sehen Sie in Ihr Postfach');
  const mail = await waitForMail(someone);
  assert.equal(mail.subject, `${mail.code} ist Ihr Code für Our Shop`);
  assert.match(mail.text, /bestätigen Sie Ihre E-Mail-Adresse/);
  await enterCode(page, wrongCode(mail.code));
  await waitForAlert(page, /Sie haben noch 4 Versuche/);
  await enterCode(page, mail.code);
  await waitForHeading(page, 'Guten Tag, Jürgen Groß');
  await page.goto('/dashboard/');
  assert.match(await page.textContent('time'), /^\d+\. \S+ \d{4}$/);
}, { locale: 'en-GB' });

journey('a browser that asks for German gets it without a click', async (page) => {
  await page.goto('/login/');
  assert.equal(await heading(page), 'Willkommen zurück');
}, { locale: 'de-AT' });

journey('back and forward between the steps, in place', async (page) => {
  const someone = person();
  await page.goto('/register/');
  await markDocument(page);
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  await page.goBack();
  await waitForHeading(page, 'Create your account');
  assert.equal(await page.title(), 'Create your account – Our Shop');
  assert.equal(await page.inputValue('#email'), someone.email);
  await waitForFocus(page, 'h1');
  await page.goForward();
  await page.waitForSelector('#otp');
  assert.ok(await isSameDocument(page));
  await page.goBack();
  await waitForHeading(page, 'Create your account');
  await page.click('.notice a');
  await page.waitForSelector('#otp');
  assert.ok(await isSameDocument(page));
});

journey('a jump to #main is no way between the steps', async (page) => {
  await page.goto('/register/');
  await page.fill('#name', 'kept');
  await page.keyboard.press('Control+Home');
  await page.focus('.skip');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/register/#main');
  const fetched = [];
  page.on('request', (request) => request.resourceType() === 'fetch' && fetched.push(request.url()));
  await page.goBack();
  await page.waitForFunction(() => location.hash === '');
  assert.deepEqual(fetched, []);
  assert.equal(await page.inputValue('#name'), 'kept');
});

journey('mending the address: a new mail, the old code dead, the new one good', async (page) => {
  const someone = person();
  const mended = { ...someone, email: person().email };
  await register(page, someone);
  const old = await waitForMail(someone);
  await markDocument(page);
  await page.click('.mend a');
  await waitForHeading(page, 'Create your account');
  assert.equal(await page.inputValue('#name'), someone.name);
  assert.equal(await page.inputValue('#username'), someone.username);
  assert.equal(await page.inputValue('#password'), '');
  await page.fill('#email', mended.email);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await page.waitForFunction((email) => document.querySelector('.address')?.textContent.includes(email), mended.email);
  assert.ok(await isSameDocument(page));
  const { code } = await waitForMail(mended);
  if (old.code !== code) {
    await enterCode(page, old.code);
    await waitForAlert(page, /newest mail|not right/);
  }
  await enterCode(page, code);
  await waitForHeading(page, 'Hello, John Doe');
});

journey('a reload, a second tab and the home page find the code page', async (page, context) => {
  const someone = person();
  await register(page, someone);
  await page.reload();
  await waitForFocus(page, 'otp');
  const second = await context.newPage();
  await second.goto('/');
  await second.click('main .notice a');
  await waitForHeading(second, 'Check your mail');
  const { code } = await waitForMail(someone);
  await enterCode(second, code);
  await waitForHeading(second, 'Hello, John Doe');
  // The first tab does not know of it yet: what it sends leads to the account, not to an error.
  await enterCode(page, code);
  await waitForHeading(page, 'My Account');
});

journey('back after signing in leads to the account, not to a dead form', async (page) => {
  await signUp(page, person());
  await page.goBack();
  await waitForHeading(page, 'My Account');
});

journey('signing in before the code was typed leads to the code page', async (page) => {
  const someone = person();
  await register(page, someone);
  const { code } = await waitForMail(someone);
  await page.context().clearCookies();
  await page.goto('/login/');
  await markDocument(page);
  await page.fill('#username', someone.username);
  await page.fill('#password', someone.password);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
  assert.ok(await isSameDocument(page));
  assert.equal(await path(page), '/register/verify/');
  await enterCode(page, code);
  await waitForHeading(page, 'Hello, John Doe');
});

journey('a double click makes one request, one mail and no error', async (page) => {
  const someone = person();
  let sent = 0;
  page.on('request', (request) => { sent += request.method() === 'POST' ? 1 : 0; });
  await page.goto('/register/');
  await fillRegistration(page, someone);
  const release = await holdRequests(page, '**/register/'); // else the second click could meet the next page
  await page.dblclick(submitButton);
  release();
  await page.waitForSelector('#otp');
  assert.equal(await alertText(page), '');
  await waitForMail(someone);
  assert.equal((await everyMailTo(someone, browser)).length, 1);
  assert.equal(sent, 1);
});

journey('codes as people paste them', async (page) => {
  const someone = person();
  await register(page, someone);
  const { code } = await waitForMail(someone);
  await page.evaluate((text) => {
    document.querySelector('#otp').focus();
    document.execCommand('insertText', false, text);
  }, ` ${code.slice(0, 2)} – ${code.slice(2)}\u00a0`);
  assert.equal(await page.inputValue('#otp'), code);
  await page.fill('#otp', Array.from(code, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('-'));
  assert.equal(await page.inputValue('#otp'), code);
  await page.keyboard.press('Enter');
  await waitForHeading(page, 'Hello, John Doe');
});

journey('wrong codes until it is locked, then a new one', async (page) => {
  const someone = person();
  await register(page, someone);
  const { code } = await waitForMail(someone);
  for (const left of ['4 attempts', '3 attempts', '2 attempts', 'one attempt']) {
    await enterCode(page, wrongCode(code, left.charCodeAt(0)));
    await waitForAlert(page, new RegExp(left));
    await waitForFocus(page, 'otp');
    assert.equal(await page.getAttribute('#otp', 'aria-invalid'), 'true');
    assert.ok((await page.textContent('#otp-hint')).includes(left));
  }
  await enterCode(page, wrongCode(code));
  await waitForAlert(page, /no attempts left/);
  assert.equal(await page.$('#otp'), null, 'a locked code can still be typed');
  assert.equal(await page.getAttribute('.again button', 'aria-disabled'), 'true');
  await ageCode(someone, 61);
  await page.reload();
  await page.click('.again button');
  await page.waitForSelector('#otp');
  const renewed = await waitForMail(someone, 2);
  await enterCode(page, renewed.code);
  await waitForHeading(page, 'Hello, John Doe');
});

journey('asking for the code again: a countdown, then the same code once more', async (page) => {
  const someone = person();
  await register(page, someone);
  const left = async () => Number((await page.textContent('#wait')).match(/(\d+):(\d\d)/).slice(1).reduce((sum, part) => sum * 60 + Number(part), 0));
  const before = await left();
  assert.ok(before > 40 && before <= 60, `counts from ${before}`);
  const first = await waitForMail(someone);
  await eventually(async () => assert.equal(await page.textContent('#live'), ''));
  await listen(page);
  const silent = await left();
  await eventually(async () => assert.ok(await left() <= silent - 2));
  assert.deepEqual(await said(page), [], 'the countdown is read out');
  let sent = 0;
  page.on('request', (request) => { sent += request.method() === 'POST' ? 1 : 0; });
  await page.click('.again button', { force: true });
  await ageCode(someone, 30);
  await page.reload();
  assert.equal(sent, 0, 'sent before its time');
  const rest = await left();
  assert.ok(rest > 0 && rest <= 30, `counts from ${rest}`);
  await listen(page);
  await ageCode(someone, rest);
  await agePage(page, rest - 1);
  await page.waitForSelector('.again button:not([aria-disabled])');
  assert.match((await said(page)).join(), /another mail now/);
  await page.click('.again button');
  await page.waitForSelector('#notice:not(:empty)');
  assert.equal(await page.textContent('#notice'), 'We have sent the code again.');
  assert.equal(await page.getAttribute('.again button', 'aria-disabled'), 'true');
  assert.equal((await waitForMail(someone, 2)).code, first.code);
});

journey('a code that runs out while the page is open', async (page) => {
  const someone = person();
  await register(page, someone);
  await waitForMail(someone);
  await ageCode(someone, 570);
  await page.reload();
  assert.match(await page.textContent('#otp-hint'), /less than a minute/);
  await ageCode(someone, 30);
  await agePage(page, 30);
  await page.waitForSelector('h2');
  assert.equal(await page.textContent('h2'), 'This code has run out');
  await page.click('.again button');
  await page.waitForSelector('#otp');
  await enterCode(page, (await waitForMail(someone, 2)).code);
  await waitForHeading(page, 'Hello, John Doe');
});

journey('the whole way with the keyboard alone', async (page) => {
  const someone = person();
  const keys = page.keyboard;
  await page.goto('/register/');
  await keys.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await keys.press('Enter');
  await waitForFocus(page, 'main');
  for (const field of ['name', 'username', 'email', 'password']) {
    await keys.press('Tab');
    await waitForFocus(page, field);
    await keys.type(someone[field]);
  }
  await keys.press('Tab');
  await keys.press('Space');
  assert.equal(await page.getAttribute('#password', 'type'), 'text');
  await keys.press('Tab');
  await keys.press('Enter');
  await waitForFocus(page, 'otp');
  await keys.type((await waitForMail(someone)).code);
  await keys.press('Enter');
  await waitForHeading(page, 'Hello, John Doe');
  for (let presses = 0; await page.evaluate(() => document.activeElement.textContent) !== 'Log out' && presses < 10; presses++) {
    await keys.press('Tab');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', 'focus is not to be seen');
  }
  await keys.press('Enter');
  await waitForHeading(page, 'Welcome to Our Shop');
});
