// The session of this tab. The tokens are in `sessionStorage`: they survive a reload and are deleted with the tab.
// This module does not touch the page; bar.js renders its state.

import { address, UNREACHABLE } from './address.js';

const KEY = 'stockroom.session';
const RENEWAL_MARGIN = 20_000; // Milliseconds before the expiry when a token is renewed, so that it does not expire during a request.

const listeners = new Set();
let session = read();
let renewal = null;

function read() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY));
    return typeof stored?.access === 'string' ? stored : null;
  } catch {
    return null;
  }
}

/** Calls `listener(session, reason)` on each change; reasons are `login`, `renewed`, `logout`, `ended` and `needed`. */
export function onChange(listener) {
  listeners.add(listener);
}

/** Notifies the listeners that a request without a session was rejected. */
export function loginNeeded() {
  if (!session) notify('needed');
}

/** The current session, `{ username, access, … }`, or null. */
export function current() {
  return session;
}

function notify(reason) {
  for (const listener of listeners) listener(session, reason);
}

function store(next, reason) {
  session = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
  notify(reason);
}

/** The expiry of a new token by this machine's clock, which may differ from the server's: now plus the lifetime. */
function expiryOf(token) {
  try {
    const claims = JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
    return Date.now() + (claims.exp - claims.iat) * 1000;
  } catch {
    return null; // The token is not readable: use it until the server rejects it.
  }
}

async function send(query, variables, access) {
  let response;
  try {
    response = await fetch(address('graphql'), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json, application/json;q=0.9',
        ...(access && { Authorization: `Bearer ${access}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
  } catch {
    throw new Error(UNREACHABLE);
  }
  try {
    return await response.json();
  } catch {
    throw new Error(`The server responded with status ${response.status}.`);
  }
}

/** Logs in with name and password. Throws an error with a message for the user. */
export async function logIn(username, password) {
  const { data, errors } = await send(
    `mutation LogIn($input: LoginInput!) {
      login(input: $input) { access refresh viewer { user { username } } userErrors { message } }
    }`,
    { input: { username, password } },
  );
  const login = data?.login;
  if (!login?.access) {
    throw new Error(login?.userErrors?.[0]?.message ?? errors?.[0]?.message ?? 'The login was refused.');
  }
  const { access, refresh, viewer } = login;
  store({ username: viewer?.user?.username ?? username, access, refresh, until: expiryOf(access) }, 'login');
}

/** Discards the tokens and revokes them on the server. */
export async function logOut() {
  const refresh = session?.refresh;
  store(null, 'logout');
  if (!refresh) return;
  try {
    await send('mutation LogOut($input: LogoutInput!) { logout(input: $input) { userErrors { code } } }', {
      input: { refresh },
    });
  } catch {
    // The tokens are already deleted from this tab; on the server they expire.
  }
}

/** The access token, renewed if it is about to expire; null without a login. */
export async function accessToken() {
  if (session?.until && session.until - Date.now() < RENEWAL_MARGIN) {
    renewal ??= renew().finally(() => (renewal = null));
    await renewal;
  }
  return session?.access ?? null;
}

async function renew() {
  const old = session;
  let renewed;
  try {
    const { data } = await send(
      `mutation Renew($input: RefreshTokenInput!) {
        refreshToken(input: $input) { access refresh userErrors { code } }
      }`,
      { input: { refresh: old.refresh } },
    );
    renewed = data?.refreshToken;
  } catch {
    return; // The server is unreachable; the caller's request will report it.
  }
  if (session !== old || !renewed) return;
  if (renewed.access) {
    const { access, refresh } = renewed;
    store({ ...old, access, refresh: refresh ?? old.refresh, until: expiryOf(access) }, 'renewed');
  } else {
    store(null, 'ended');
  }
}

/** Checks whether the server still accepts a session from before a reload, and deletes it otherwise. */
export async function check() {
  const access = await accessToken();
  if (!access) return;
  const checkedSession = session;
  try {
    const { data, errors } = await send('query WhoAmI { viewer { user { username } } }', undefined, access);
    const refused = errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED');
    if (session === checkedSession && (refused || (data && data.viewer === null))) store(null, 'ended');
  } catch {
    // The server is unreachable: keep the session until the next request.
  }
}
