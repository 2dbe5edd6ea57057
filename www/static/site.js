// What the account pages do better with a script than without. It promises: every form still works when this file does
// not load; the server judges, this only shows its judgement; nothing that was typed is lost when the network or the
// server is away; a button cannot be pressed twice. The step from the form to the code and back happens in place: the
// server's own page is fetched and its header, main part and footer take the place of those that are shown.
'use strict';

(function () {
  const PATIENCE = 20000; // milliseconds for an answer
  const CODE_PAGE = '/register/verify/';
  let shownPath = location.pathname;
  let pause;   // in typing a password
  let silence; // after an announcement

  // No answer that can be used. Its message names the words for it: `away`, nobody answers; `trouble`, somebody else does
  // than the shop's program (nginx without a worker, a proxy, a hotel's sign-in page).
  class Trouble extends Error {}

  function find(selector) {
    return document.querySelector(selector);
  }

  function fill(phrase, values) {
    return phrase.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? values[name] : hole));
  }

  // --- Words for the customer

  function tell(message) {
    const alert = find('#alert');
    alert.textContent = message;
    if (message) {
      alert.scrollIntoView({ block: 'nearest' });
    }
  }

  // Said once to those who listen, then taken away, lest it be found again at the end of the page.
  function announce(message) {
    clearTimeout(silence);
    find('#live').textContent = message;
    silence = setTimeout(() => { find('#live').textContent = ''; }, 5000);
  }

  function explain(error) {
    tell(document.body.dataset[error instanceof Trouble ? error.message : 'trouble']);
    if (!(error instanceof Trouble)) {
      throw error;
    }
  }

  function markField(field, message) {
    const place = document.getElementById(field.name + '-error');
    if (message) {
      field.setAttribute('aria-invalid', 'true');
    } else {
      field.removeAttribute('aria-invalid');
    }
    if (place) {
      place.textContent = message;
    }
  }

  function visibleFields(form) {
    return Array.from(form.querySelectorAll('input:not([type=hidden])'));
  }

  function clearErrors(form) {
    tell('');
    visibleFields(form).forEach((field) => markField(field, ''));
  }

  function showErrors(form, errors, message) {
    const wrong = visibleFields(form).filter((field) => errors[field.name]);
    wrong.forEach((field) => markField(field, errors[field.name].join(' ')));
    tell(message);
    if (wrong.length > 0) {
      wrong[0].focus();
    }
  }

  // --- Buttons

  function setDisabled(button, isDisabled) {
    if (isDisabled) {
      button.setAttribute('aria-disabled', 'true');
    } else {
      button.removeAttribute('aria-disabled');
    }
  }

  function setBusy(form, isBusy) {
    form.toggleAttribute('data-busy', isBusy);
    form.querySelectorAll('button[type=submit]').forEach((button) => {
      setDisabled(button, isBusy || secondsLeft(button) > 0);
      if (isBusy && button.dataset.busy) {
        button.dataset.label = button.textContent;
        button.textContent = button.dataset.busy;
      } else if (!isBusy && button.dataset.label) {
        button.textContent = button.dataset.label;
      }
    });
  }

  // --- Talking to the server

  function cookie(name) {
    const entry = document.cookie.split('; ').find((text) => text.startsWith(name + '='));
    return entry ? decodeURIComponent(entry.slice(name.length + 1)) : '';
  }

  // Like fetch(), but only an answer of the type that was asked for is one.
  async function ask(address, type, options) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), PATIENCE);
    const settings = Object.assign({ credentials: 'same-origin', signal: controller.signal }, options);
    try {
      const response = await fetch(address, settings);
      const content = await response.text();
      if (!(response.headers.get('Content-Type') || '').startsWith(type)) {
        throw new Trouble('trouble');
      }
      return { response, content };
    } catch (error) {
      throw error instanceof Trouble ? error : new Trouble('away');
    } finally {
      clearTimeout(timer);
    }
  }

  async function post(form, token) {
    const { content } = await ask(form.getAttribute('action'), 'application/json', {
      method: 'POST',
      headers: { Accept: 'application/json', 'X-Requested-With': 'XMLHttpRequest', 'X-CSRFToken': token },
      body: new URLSearchParams(new FormData(form)),
    });
    const answer = JSON.parse(content);
    if (answer.csrf_token) {
      document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach((field) => { field.value = answer.csrf_token; });
    }
    return answer;
  }

  // --- Going on

  function pathOf(address) {
    return new URL(address, location.href).pathname;
  }

  function isInPlace(address) {
    const path = pathOf(address);
    return path.startsWith('/register/') && shownPath.startsWith('/register/') ||
      path === CODE_PAGE && shownPath === '/login/';
  }

  function leave(address) {
    location.assign(address);
    return true;
  }

  // Shows the page `address` in place, or the one that it leads to. True when the browser is leaving for another
  // one instead.
  async function show(address, options) {
    const { response, content } = await ask(address, 'text/html', { headers: { Accept: 'text/html' } });
    const { pathname, search } = new URL(response.url);
    const isElsewhere = pathname !== pathOf(address);
    const page = new DOMParser().parseFromString(content, 'text/html');
    if (!response.ok) {
      throw new Trouble('trouble');
    }
    if (!page.querySelector('main') || (isElsewhere && !isInPlace(response.url))) {
      return leave(response.url);
    }
    if (options.isNew) {
      history.pushState(null, '', pathname + search);
    } else if (isElsewhere) {
      history.replaceState(null, '', pathname + search);
    }
    for (const part of ['body > header', 'main', 'body > footer']) {
      find(part).replaceWith(document.adoptNode(page.querySelector(part)));
    }
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    shownPath = pathname;
    enhance();
    if (options.isNew) {
      scrollTo(0, 0);
      announce(document.title);
    }
    (find('main [autofocus]') || find('main h2[tabindex]') || find('h1')).focus();
    return false;
  }

  // What the code page says about attempts, minutes and resends is the server's: it is shown anew after every answer.
  async function showCodePage(form, answer) {
    const typed = form.elements.otp ? form.elements.otp.value : '';
    const left = await show(CODE_PAGE + location.search, { isNew: false });
    const field = find('#otp');
    if (left) {
      return true;
    }
    if (answer.success) {
      find('#notice').textContent = answer.message;
      announce(answer.message);
      return false;
    }
    tell(answer.message);
    if (field && answer.code === 'otp_invalid') {
      field.value = typed;
      field.setAttribute('aria-invalid', 'true');
      field.select();
    }
    return false;
  }

  // True when the browser leaves the page.
  async function follow(form, answer) {
    const isOnCodePage = shownPath === CODE_PAGE && form.closest('main') !== null;
    if (answer.redirect && pathOf(answer.redirect) === CODE_PAGE && isOnCodePage) {
      return showCodePage(form, answer);
    }
    if (answer.redirect) {
      return isInPlace(answer.redirect) ? show(answer.redirect, { isNew: true }) : leave(answer.redirect);
    }
    if (answer.errors) {
      showErrors(form, answer.errors, answer.message);
      return false;
    }
    if (isOnCodePage && /^otp_|^throttled$|^no_pending/.test(answer.code)) {
      return showCodePage(form, answer);
    }
    tell(answer.message);
    const again = form.querySelector('[data-refocus]');
    if (again) {
      again.focus();
      again.select();
    }
    return false;
  }

  async function send(form) {
    let isLeaving = false;
    clearErrors(form);
    form.querySelectorAll('.check[aria-pressed=true]').forEach(toggleSecret);
    setBusy(form, true);
    try {
      let answer = await post(form, cookie('csrftoken') || form.elements.csrfmiddlewaretoken.value);
      if (answer.code === 'csrf_failed' && answer.csrf_token) {
        answer = await post(form, answer.csrf_token);
      }
      isLeaving = await follow(form, answer);
    } catch (error) {
      explain(error);
    }
    if (!isLeaving) {
      setBusy(form, false);
    }
  }

  // --- The password

  function toggleSecret(button) {
    const field = document.getElementById(button.getAttribute('aria-controls'));
    const isShown = button.getAttribute('aria-pressed') === 'true';
    button.setAttribute('aria-pressed', String(!isShown));
    field.type = isShown ? 'password' : 'text';
  }

  // The customer's own words, of which nobody should make a password.
  function ownWords(form) {
    const texts = ['name', 'username', 'email'].map((name) => form.elements[name].value.toLowerCase());
    const email = texts[2].split(/[@.+]/);
    return texts[0].split(/\s+/).concat(texts[1], email).filter((word) => word.length > 2);
  }

  function adviseOn(password, hint, form) {
    const least = Number(hint.dataset.least);
    const left = least - Array.from(password).length;
    const rest = ownWords(form).reduce((text, word) => text.split(word).join(''), password.toLowerCase());
    if (left > 0) {
      return left === 1 ? hint.dataset.last : fill(hint.dataset.short, { left });
    }
    return rest.length < password.length && rest.length < least ? hint.dataset.own : hint.dataset.good;
  }

  function updateHint(form) {
    const hint = find('#password-hint');
    const password = form.elements.password;
    if (!hint || !password) {
      return;
    }
    hint.dataset.first = hint.dataset.first || hint.textContent;
    hint.textContent = password.value ? adviseOn(password.value, hint, form) : hint.dataset.first;
    clearTimeout(pause);
    pause = setTimeout(() => {
      // Who has left the field may be hearing something else.
      if (document.activeElement === password) {
        announce(hint.textContent);
      }
    }, 1200);
  }

  // --- The code and its clocks

  function dropFillers(field) {
    const digits = field.value.normalize('NFKC').replace(/[\s\p{Pd}\u2212]/gu, '');
    if (digits !== field.value) {
      field.value = digits;
    }
  }

  function secondsLeft(element) {
    return element.deadline ? Math.max(0, Math.ceil((element.deadline - Date.now()) / 1000)) : 0;
  }

  function clockFace(seconds) {
    const two = (number) => String(number % 60).padStart(2, '0');
    const minutes = Math.floor(seconds / 60);
    return (minutes < 60 ? minutes : Math.floor(minutes / 60) + ':' + two(minutes)) + ':' + two(seconds);
  }

  function tickWait() {
    const button = find('[data-wait]');
    const note = find('#wait');
    if (!button || !button.deadline) {
      return;
    }
    const left = secondsLeft(button);
    note.textContent = left > 0 ? fill(note.dataset.phrase, { time: clockFace(left) }) : '';
    if (left === 0) {
      button.deadline = 0;
      setDisabled(button, button.form.hasAttribute('data-busy'));
      announce(note.dataset.ready);
    }
  }

  function tickLife() {
    const note = find('[data-expires]');
    if (!note || !note.deadline) {
      return;
    }
    const minutes = Math.ceil(secondsLeft(note) / 60);
    const phrase = minutes > 1 ? fill(note.dataset.minutes, { minutes }) : note.dataset.last;
    if (note.textContent !== phrase) {
      note.textContent = phrase;
    }
    if (minutes === 0) {
      note.deadline = 0;
      show(CODE_PAGE + location.search, { isNew: false }).catch(() => {});
    }
  }

  function tick() {
    tickWait();
    tickLife();
  }

  function startClock(element, seconds) {
    if (element && Number(seconds) > 0) {
      element.deadline = Date.now() + Number(seconds) * 1000;
    }
  }

  // --- A page that is newly shown

  function localDate(time) {
    const date = new Date(time.dateTime + 'T00:00:00Z');
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long', timeZone: 'UTC' }).format(date);
  }

  // What was a message of this one answer does not belong into a bookmark, nor into a reload.
  function tidyAddress() {
    const address = new URL(location.href);
    if (address.searchParams.has('language') || address.searchParams.has('sent')) {
      address.searchParams.delete('language');
      address.searchParams.delete('sent');
      history.replaceState(history.state, '', address);
    }
  }

  function enhance() {
    const button = find('[data-wait]');
    const life = find('[data-expires]');
    document.querySelectorAll('form').forEach((form) => { form.noValidate = true; });
    document.querySelectorAll('.check').forEach((check) => { check.hidden = false; });
    document.querySelectorAll('time').forEach(localDate);
    startClock(button, button && button.dataset.wait);
    startClock(life, life && life.dataset.expires);
    if (button && button.deadline) {
      setDisabled(button, true);
    }
    tick();
  }

  // --- What the customer does

  document.addEventListener('submit', (event) => {
    const form = event.target;
    const button = form.querySelector('[data-wait]');
    if (form.getAttribute('method') !== 'post') {
      return;
    }
    event.preventDefault();
    if (!form.hasAttribute('data-busy') && !(button && secondsLeft(button) > 0)) {
      send(form);
    }
  });

  document.addEventListener('input', (event) => {
    const field = event.target;
    if (field.id === 'otp' && !event.isComposing) {
      dropFillers(field);
    }
    if (field.hasAttribute('aria-invalid')) {
      markField(field, '');
    }
    if (field.form) {
      updateHint(field.form);
    }
  });

  function followLink(event, link) {
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const isStep = link.closest('main') && link.pathname.startsWith('/register/') && link.pathname !== shownPath && isInPlace(link.href);
    if (isPlain && isStep && !event.defaultPrevented) {
      event.preventDefault();
      show(link.pathname + link.search, { isNew: true }).catch(explain);
    }
  }

  document.addEventListener('click', (event) => {
    const check = event.target.closest('.check');
    const link = event.target.closest('a[href]');
    if (check) {
      toggleSecret(check);
    } else if (link) {
      followLink(event, link);
    }
  });

  // Back and forward between the steps. A jump within the page (to #main) fires this too.
  addEventListener('popstate', () => {
    if (location.pathname !== shownPath) {
      show(location.pathname + location.search, { isNew: false }).catch(explain);
    }
  });

  // A page that the browser kept comes back as it was left: with its buttons held down.
  addEventListener('pageshow', (event) => {
    if (event.persisted) {
      document.querySelectorAll('form[data-busy]').forEach((form) => setBusy(form, false));
    }
  });

  setInterval(tick, 1000);
  tidyAddress();
  enhance();
}());
