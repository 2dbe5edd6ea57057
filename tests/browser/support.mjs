// What every test of the browser shares: the stack, Chromium, people who register, their mails, and the judges (axe,
// html-validate). It promises: every page that is opened by it is watched, and a console error, a script's error or a breach
// of the content security policy fails the test that saw it. Everybody registers under a name of their own, so that
// tests do not meet each other's accounts. What comes later is waited for by what it shows, never by the clock.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HtmlValidate } from 'html-validate';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// A sanitizers' build answers slowly, and two of these machines' cores may be busy.
export const PATIENCE = 15000;

// For a whole test; the longest takes half a minute there.
export const LIMIT = 120000;

export const submitButton = 'main button[type=submit]';

export const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

// --- Patience

// What a click, a key or a reload leads to may come after they return: asks again until `check` no longer throws, and throws
// what it said last when patience is at an end.
export async function eventually(check) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
    }
    await sleep(50);
  }
}

// --- The stack

export const hasStack = Boolean(process.env.STACK);
if (!hasStack) {
  console.log('STACK is not set: nothing to test against. Start one with `./dev stack NAME up` and set STACK=NAME.');
}

function dev(...command) {
  return execFileSync('./dev', ['stack', process.env.STACK, ...command], { cwd: root, encoding: 'utf8' });
}

function readStack() {
  const lines = dev('env').trim().split('\n');
  const values = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  return { url: `http://127.0.0.1:${values.PORT}`, port: values.PORT, mail: values.MAIL, state: values.STATE, run: values.RUN };
}

export const stack = hasStack ? readStack() : null;

export function database(statement) {
  return dev('psql', '-At', '-c', statement).trim();
}

// Lets the time of one customer's live code run: as if its mail had been written `seconds` earlier. A code's life begins when
// the mailer writes down that its mail was taken, a moment after the mail can be read: time that ran before would not count.
export async function ageCode(someone, seconds) {
  await eventually(() => assert.equal(database(`UPDATE storefront.one_time_code SET mailed_at = mailed_at - interval '${seconds} s',
    handed_over_at = handed_over_at - interval '${seconds} s', expires_at = expires_at - interval '${seconds} s'
    WHERE email = '${someone.email}' AND used_at IS NULL AND replaced_at IS NULL AND handed_over_at IS NOT NULL RETURNING true`), 't'));
}

// --- People

export function person(name = 'John Doe') {
  const username = `customer-${randomBytes(5).toString('hex')}`;
  return { name, username, email: `${username}@shop.example`, password: 'securepass123' };
}

// --- Mails

function decodeQuoted(text) {
  const bytes = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (all, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function decodeHeader(text) {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?B\?([^?]*)\?=/gi, (all, base64) => Buffer.from(base64, 'base64').toString('utf8'));
}

function readMail(file) {
  const source = readFileSync(join(stack.mail, file), 'latin1');
  const head = source.slice(0, source.search(/\r?\n\r?\n/));
  const header = (name) => {
    const found = head.match(new RegExp(`^${name}: *(.*(?:\\r?\\n[ \\t].*)*)`, 'im'));
    return found ? decodeHeader(found[1].replace(/\r?\n(?=[ \t])/g, '')) : '';
  };
  const boundary = header('Content-Type').match(/boundary="([^"]+)"/)[1];
  const parts = source.split(`--${boundary}`).slice(1, -1).map((part) => part.slice(part.search(/\r?\n\r?\n/)).trim());
  const [text, html] = parts.map(decodeQuoted);
  return { recipient: header('X-RcptTo'), subject: header('Subject'), text, html, code: text.match(/^(\d{4,8})\r?$/m)[1] };
}

export function mailsTo(someone) {
  return readdirSync(stack.mail)
    .filter((file) => !file.startsWith('.') && file.endsWith('.eml'))
    .sort()
    .filter((file) => readFileSync(join(stack.mail, file), 'latin1').includes(`X-RcptTo: ${someone.email}`))
    .map(readMail);
}

export function waitForMail(someone, number = 1) {
  return eventually(() => {
    const mails = mailsTo(someone);
    assert.ok(mails.length >= number, `mail ${number} for ${someone.email} did not come`);
    return mails[number - 1];
  });
}

// Mails leave in the order in which they were asked for: when a stranger's later one is here, none is still to come.
export async function everyMailTo(someone, browser) {
  await visit(browser, {}, async (page) => {
    const stranger = person();
    await register(page, stranger);
    await waitForMail(stranger);
  });
  return mailsTo(someone);
}

export function wrongCode(code, number = 1) {
  return String((Number(code) + number) % 10 ** code.length).padStart(code.length, '0');
}

// --- The browser

// Chromium without its windows takes half of the time of the whole one, which CHROMIUM=/usr/bin/chromium chooses.
const windowless = '/usr/lib/chromium/chromium-headless-shell';

export function launch(...more) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || (existsSync(windowless) ? windowless : '/usr/bin/chromium'),
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', ...more],
  });
}

// What Chromium says of every answer that is not 2xx is no fault of the page.
function isFault(message) {
  return message.type() === 'error' && !message.text().startsWith('Failed to load resource');
}

function isPage(response) {
  return (response.headers()['content-type'] || '').startsWith('text/html');
}

// A navigation may take a body away before it is read.
async function readPage(response) {
  const html = await response.text().catch(() => null);
  return html && { what: `${response.request().method()} ${new URL(response.url()).pathname} ${response.status()}`, html };
}

// Every page that the server sent, for the judges.
export async function pagesOf(served) {
  return (await Promise.all(served)).filter(Boolean);
}

function watch(page, faults, served) {
  page.setDefaultTimeout(PATIENCE);
  page.on('console', (message) => isFault(message) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('response', (response) => isPage(response) && served.push(readPage(response)));
}

// Runs `use(page, context, served)` in a browser of its own, and fails when a page showed a fault. `served` is for pagesOf.
export async function visit(browser, options, use) {
  const faults = [];
  const served = [];
  const context = await browser.newContext({ baseURL: stack.url, locale: 'en-GB', viewport: sizes.desktop, ...options });
  context.on('page', (page) => watch(page, faults, served));
  try {
    const page = await context.newPage();
    await use(page, context, served);
    assert.deepEqual(faults, [], 'console errors, script errors or breaches of the content security policy');
  } finally {
    await context.close();
  }
}

// Remembers that this document was not left: a navigation would forget it.
export function markDocument(page) {
  return page.evaluate(() => { window.isSameDocument = true; });
}

export function isSameDocument(page) {
  return page.evaluate(() => window.isSameDocument === true);
}

// The browser's name for the page changes a moment after the page itself does.
export function path(page) {
  return page.evaluate(() => location.pathname);
}

export function heading(page) {
  return page.textContent('h1');
}

// The page that says so, with all that belongs to it, scripts too.
export async function waitForHeading(page, text) {
  await eventually(async () => assert.equal(await heading(page), text));
  await page.waitForLoadState();
}

export async function waitForPath(page, wanted) {
  await page.waitForURL((url) => url.pathname === wanted);
}

function focused(page) {
  return page.evaluate(() => document.activeElement.id || document.activeElement.tagName.toLowerCase());
}

// Chromium gives the focus to an autofocus field with the first picture of a page, which may come after its load event.
export async function waitForFocus(page, id) {
  await eventually(async () => assert.equal(await focused(page), id));
}

// Writes down in `window.said` what is read out from now on: it is taken away again after a while.
export function listen(page) {
  return page.evaluate(() => {
    const live = document.querySelector('#live');
    window.said = [];
    new MutationObserver(() => window.said.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true });
  });
}

export function said(page) {
  return page.evaluate(() => window.said);
}

export async function fillRegistration(page, someone) {
  for (const field of ['name', 'username', 'email', 'password']) {
    await page.fill(`#${field}`, someone[field]);
  }
}

// From nothing to the code page.
export async function register(page, someone) {
  await page.goto('/register/');
  await fillRegistration(page, someone);
  await page.click(submitButton);
  await page.waitForSelector('#otp');
}

export async function enterCode(page, code) {
  await page.fill('#otp', code);
  await page.click('main form[action^="/register/verify/"] button');
}

// From nothing to signed in.
export async function signUp(page, someone) {
  await register(page, someone);
  const { code } = await waitForMail(someone);
  await enterCode(page, code);
  await waitForPath(page, '/');
  return code;
}

export function alertText(page) {
  return page.textContent('#alert');
}

export async function waitForAlert(page, pattern) {
  await eventually(async () => assert.match(await alertText(page), pattern));
  await page.waitForLoadState();
}

// The page's requests to `pattern` are held until the function that this returns is called.
export async function holdRequests(page, pattern) {
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route(pattern, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

// --- The judges

const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
export const everyRule = [...wcag, 'best-practice'];
export const rulesOfMail = wcag; // a mail is no page: it has neither landmarks nor headings
export const rulesOfColour = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

// axe is put into the page from outside: the content security policy binds the page's scripts only.
export async function auditPage(page, what, rules = everyRule) {
  if (!await page.evaluate(() => 'axe' in window)) {
    await page.evaluate(axeSource);
  }
  const results = await page.evaluate((runOnly) => window.axe.run(document, { runOnly, resultTypes: ['violations'] }), rules);
  const violations = results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  assert.deepEqual(violations, [], `axe on ${what}`);
}

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: { 'long-title': 'off', 'no-trailing-whitespace': 'off', 'require-sri': 'off' },
});

const mailValidator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: { 'long-title': 'off', 'no-inline-style': 'off' },
});

async function validate(judge, html, what) {
  const report = await judge.validateString(html);
  const faults = report.results.flatMap((result) => result.messages.map((fault) => `line ${fault.line}: ${fault.message} (${fault.ruleId})`));
  assert.deepEqual(faults, [], `html-validate on ${what}`);
}

export const validatePage = (html, what) => validate(validator, html, what);
export const validateMail = (html, what) => validate(mailValidator, html, what);

export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
