// Every page and state that a customer can see, and how it is come to: for the pictures and for the tests of how it looks.
// Each one is a function that takes a new browser's page there, with JavaScript on.
import { ageCode, enterCode, fillRegistration, person, register, signUp, submitButton, waitForAlert, waitForMail, wrongCode } from './support.mjs';

export const states = {
  home: (page) => page.goto('/'),
  'home-pending': async (page) => {
    await register(page, person());
    await page.goto('/');
  },
  'home-signed-in': (page) => signUp(page, person()),
  register: (page) => page.goto('/register/'),
  'register-typing': async (page) => {
    await page.goto('/register/');
    await fillRegistration(page, { ...person('Jane Roe'), password: 'green tra' });
    await page.click('.check');
    await page.focus('#password');
  },
  'register-errors': async (page) => {
    await page.goto('/register/');
    await fillRegistration(page, { name: 'John Doe', username: 'jo', email: 'john@example', password: 'johndoe123' });
    await page.click(submitButton);
    await page.waitForSelector('[aria-invalid]');
  },
  'register-mending': async (page) => {
    await register(page, person());
    await page.click('.mend a');
    await page.waitForSelector('#password');
  },
  'register-away': async (page, context) => {
    await page.goto('/register/');
    await fillRegistration(page, person());
    await context.setOffline(true);
    await page.click(submitButton);
    await waitForAlert(page, /./);
  },
  'register-german': async (page) => {
    await page.goto('/register/?language=de');
  },
  verify: async (page) => {
    await register(page, { ...person(), email: `john.doe.${Date.now() % 10000}@example.com` });
  },
  'verify-german': async (page) => {
    await page.goto('/register/?language=de');
    await register(page, person('Jürgen Groß'));
  },
  'verify-wrong': async (page) => {
    const someone = person();
    await register(page, someone);
    await enterCode(page, wrongCode((await waitForMail(someone)).code));
    await waitForAlert(page, /./);
  },
  'verify-locked': async (page) => {
    const someone = person();
    await register(page, someone);
    const { code } = await waitForMail(someone);
    for (let number = 1; number <= 5; number++) {
      await enterCode(page, wrongCode(code, number));
      await waitForAlert(page, number < 5 ? new RegExp(`${5 - number} attempt|one attempt`) : /no attempts/);
    }
  },
  'verify-expired': async (page) => {
    const someone = person();
    await register(page, someone);
    await waitForMail(someone);
    await ageCode(someone, 3600);
    await page.reload();
  },
  'verify-repeated': async (page) => {
    const someone = person();
    await register(page, someone);
    await waitForMail(someone);
    await ageCode(someone, 61);
    await page.reload();
    await page.click('.again button');
    await page.waitForSelector('#notice:not(:empty)');
  },
  login: (page) => page.goto('/login/'),
  'login-refused': async (page) => {
    await page.goto('/login/');
    await page.fill('#username', person().username);
    await page.fill('#password', 'wrong password');
    await page.click(submitButton);
    await waitForAlert(page, /./);
  },
  dashboard: async (page) => {
    await signUp(page, person());
    await page.goto('/dashboard/');
  },
  logout: async (page) => {
    await signUp(page, person());
    await page.goto('/logout/');
  },
  'logged-out': (page) => page.goto('/logout/'),
  'not-found': (page) => page.goto('/nowhere/'),
  focus: async (page) => {
    await page.goto('/register/');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
  },
  mail: async (page) => {
    const someone = person();
    await register(page, someone);
    const { html } = await waitForMail(someone);
    await page.goto('about:blank');
    await page.setContent(html);
  },
};
