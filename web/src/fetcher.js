// GraphiQL's requests to the server: queries and mutations over HTTP, subscriptions over WebSocket, both with the token of
// the session unless the user has entered an `Authorization` header.

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';
import { accessToken, needed, onChange } from './session.js';

const URL_PATH = '/graphql';
const sockets = new Set();

// A subscription keeps the permissions it was started with, so it is closed when the session ends or changes.
onChange((session, reason) => {
  if (reason === 'renewed' || reason === 'needed') return;
  for (const socket of sockets) socket.dispose();
  sockets.clear();
});

function authorizationIn(headers = {}) {
  const name = Object.keys(headers).find((header) => header.toLowerCase() === 'authorization');
  return name && headers[name];
}

async function authorization(headers) {
  const own = authorizationIn(headers);
  if (own) return own;
  const token = await accessToken();
  return token && `Bearer ${token}`;
}

async function authorizedFetch(url, init) {
  const value = await authorization(init.headers);
  return fetch(url, value ? { ...init, headers: { ...init.headers, Authorization: value } } : init);
}

/** A client for one subscription; it is connected while the subscription runs. */
function socketFor(headers) {
  const url = new URL(URL_PATH, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = createClient({
    url: url.href,
    connectionParams: async () => {
      const value = await authorization(headers);
      return value ? { Authorization: value } : {};
    },
    on: { closed: () => sockets.delete(socket), connected: () => sockets.add(socket) },
  });
  return socket;
}

const needsLogin = (result) => result?.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED');

/** Passes results on, and notifies the bar of a missing login. */
async function* watched(results) {
  for await (const result of results) {
    if (needsLogin(result)) needed();
    yield result;
  }
}

/** Executes an operation of GraphiQL. */
export async function fetcher(params, options) {
  const ask = createGraphiQLFetcher({
    url: URL_PATH,
    fetch: authorizedFetch,
    enableIncrementalDelivery: false,
    wsClient: socketFor(options?.headers),
  });
  const result = await ask(params, options);
  if (result && Symbol.asyncIterator in result) return watched(result);
  if (needsLogin(result)) needed();
  return result;
}
