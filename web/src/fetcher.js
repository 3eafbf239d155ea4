// GraphiQL's requests to the server: queries and mutations over HTTP, subscriptions over WebSocket, both with the token of
// the session unless the user has entered an `Authorization` header.

import { getOperationAST, parse } from 'graphql';
import { address, UNREACHABLE } from './address.js';
import { accessToken, loginNeeded } from './session.js';
import { subscribe } from './subscription.js';

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

const errorResult = (message) => ({ errors: [{ message }] });

async function execute(params, headers) {
  const value = await authorization(headers);
  let response;
  try {
    response = await fetch(address('graphql'), {
      method: 'POST',
      headers: {
        Accept: 'application/graphql-response+json, application/json;q=0.9',
        ...headers,
        'Content-Type': 'application/json',
        ...(value && { Authorization: value }),
      },
      body: JSON.stringify(params),
    });
  } catch {
    return errorResult(UNREACHABLE);
  }
  try {
    return await response.json();
  } catch {
    return errorResult(`The server responded with status ${response.status}.`);
  }
}

/** Returns the result, and notifies the bar of a missing login. */
function reportMissingLogin(result) {
  if (result?.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED')) loginNeeded();
  return result;
}

function isSubscription({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'subscription';
  } catch {
    return false; // The server reports the syntax error.
  }
}

/** Executes an operation of GraphiQL. */
export async function fetcher(params, options) {
  const headers = options?.headers;
  if (!isSubscription(params)) return reportMissingLogin(await execute(params, headers));
  return {
    subscribe: (sink) =>
      subscribe(params, () => authorization(headers), { ...sink, next: (result) => sink.next(reportMissingLogin(result)) }),
  };
}
