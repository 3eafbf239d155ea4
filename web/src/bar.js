// The bar at the top of GraphiQL and the REST reference: links to the pages, the current user, and the login form.

import { check, current, logIn, logOut, onChange } from './session.js';

const byId = (id) => document.getElementById(id);
const dialog = byId('login');
const form = dialog.querySelector('form');
const errorText = dialog.querySelector('.wrong');
const state = byId('session-state');

const NOTICES = {
  logout: 'Logged out',
  ended: 'Your session has ended',
  needed: 'You need to log in',
};

function show(session, reason) {
  byId('log-in').hidden = Boolean(session);
  byId('log-out').hidden = !session;
  if (session) {
    const name = document.createElement('strong');
    name.textContent = session.username;
    state.replaceChildren('Logged in as ', name);
  } else {
    state.textContent = NOTICES[reason] ?? '';
  }
}

/** Opens the login form. */
export function openLogin() {
  errorText.textContent = '';
  form.reset();
  dialog.showModal();
}

async function submit(event) {
  event.preventDefault();
  const button = form.querySelector('[type=submit]');
  const { username, password } = Object.fromEntries(new FormData(form));
  button.disabled = true;
  errorText.textContent = '';
  try {
    await logIn(username, password);
    dialog.close();
    // The button that opened the form is hidden, so the focus can't return to it.
    byId('log-out').focus();
  } catch (error) {
    errorText.textContent = error.message;
    form.elements.password.select();
  } finally {
    button.disabled = false;
  }
}

/** Adds event listeners to the bar and shows the current session. */
export function mountBar() {
  for (const link of document.querySelectorAll('.bar nav a')) {
    if (link.pathname === location.pathname.replace(/(.)\/$/, '$1')) link.setAttribute('aria-current', 'page');
  }
  byId('log-in').addEventListener('click', openLogin);
  byId('log-out').addEventListener('click', () => {
    logOut();
    byId('log-in').focus();
  });
  dialog.querySelector('[data-cancel]').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => form.reset());
  form.addEventListener('submit', submit);
  onChange(show);
  show(current());
  check();
}
