// The npm client `graphql-sse`, as documented: one connection for each operation.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NetworkError, createClient } from 'graphql-sse';
import { Program } from './program.js';
import { CHANGES, addOutflow, entriesAfter, lastEntry, productWithMostStock } from './shop.js';

let program;
let token;
let product;
before(async () => {
  program = await Program.start();
  token = (await program.logIn('admin')).access;
  product = await productWithMostStock(program, token);
});
after(() => program.stop());

function connect(t, options = {}) {
  const client = createClient({
    url: `${program.url}/graphql`,
    headers: { Authorization: `Bearer ${token}` },
    retryAttempts: 0,
    ...options,
  });
  t.after(() => client.dispose());
  return client;
}

/** All results of an operation. */
async function collect(client, request) {
  const results = [];
  for await (const result of client.iterate(request)) results.push(result);
  return results;
}

test('a query has one result and completes', async (t) => {
  const results = await collect(connect(t), { query: '{ viewer { user { username } } }' });
  assert.deepEqual(results, [{ data: { viewer: { user: { username: 'admin' } } } }]);
});

test('errors of a document arrive as a result', async (t) => {
  const [{ data, errors }, ...more] = await collect(connect(t), { query: '{ nothing }' });
  assert.deepEqual(more, []);
  assert.equal(data ?? null, null);
  assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
});

test('a subscription publishes each change once, in order', async (t) => {
  const last = await lastEntry(program, token);
  const changes = connect(t).iterate({ query: CHANGES, variables: { after: last, productIds: [product.id] } });
  for (let quantity = 1; quantity <= 3; quantity += 1) await addOutflow(program, token, product.id, quantity);
  const received = [];
  for (let count = 0; count < 3; count += 1) received.push((await changes.next()).value.data.stockChanged);
  await changes.return();
  assert.deepEqual(received.map(({ change }) => change), [-1, -2, -3]);
  const entries = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(received.map(({ id }) => id), entries.map(({ id }) => id));
});

test('no change is lost when the program is killed and restarted', async (t) => {
  const last = await lastEntry(program, token);
  // The client sends this object again when it reconnects, with the current value of `after`.
  const variables = { after: last, productIds: [product.id] };
  const client = connect(t, { retryAttempts: 50, retry: () => new Promise((resolve) => setTimeout(resolve, 20)) });
  const changes = client.iterate({ query: CHANGES, variables });
  const received = [];
  const next = async () => {
    const { stockChanged } = (await changes.next()).value.data;
    variables.after = stockChanged.id;
    received.push(stockChanged.id);
  };
  await addOutflow(program, token, product.id);
  await next();
  await program.crash();
  await addOutflow(program, token, product.id);
  await addOutflow(program, token, product.id);
  await next();
  await next();
  await changes.return();
  const entries = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(received, entries.map(({ id }) => id));
});

test('an invalid token is rejected', async (t) => {
  const client = connect(t, { headers: { Authorization: 'Bearer nonsense' } });
  await assert.rejects(collect(client, { query: CHANGES }), (error) => {
    assert(error instanceof NetworkError, error);
    assert.equal(error.response.status, 401);
    return true;
  });
});

test('a subscription without a token is rejected', async (t) => {
  const [{ errors }, ...more] = await collect(connect(t, { headers: {} }), { query: CHANGES });
  assert.deepEqual(more, []);
  assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
});

test('a stream ends when its token expires, and the client reconnects with a new one', async (t) => {
  const shortLived = await Program.start({ products: 5, settings: { ACCESS_TOKEN_LIFETIME: '2' } });
  t.after(() => shortLived.stop());
  let resolveReconnected;
  const reconnected = new Promise((resolve) => (resolveReconnected = resolve));
  const client = createClient({
    url: `${shortLived.url}/graphql`,
    headers: async () => ({ Authorization: `Bearer ${(await shortLived.logIn('viewer')).access}` }),
    retryAttempts: 50,
    retry: () => new Promise((resolve) => setTimeout(resolve, 20)),
    on: { connected: (wasRetry) => wasRetry && resolveReconnected() },
  });
  t.after(() => client.dispose());
  const changes = client.iterate({ query: CHANGES });
  const first = changes.next();
  await reconnected;
  let arrived = false;
  first.then(() => (arrived = true));
  // The first changes can precede the start of the subscription, so changes are repeated until one arrives. Each needs a
  // new login, because tokens expire after two seconds.
  while (!arrived) {
    const { access } = await shortLived.logIn('admin');
    const { id } = await productWithMostStock(shortLived, access);
    await addOutflow(shortLived, access, id);
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  const { value } = await first;
  assert.equal(value.data.stockChanged.change, -1);
  await changes.return();
});
