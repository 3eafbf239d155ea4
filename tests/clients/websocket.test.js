// The npm client `graphql-ws`, as documented.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { PASSWORD, Program } from './program.js';
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

/** A client with these settings; disposed of after the test. */
function connect(t, options = {}) {
  const client = createClient({
    url: `${program.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: 0,
    ...options,
  });
  t.after(() => client.dispose());
  return client;
}

/** The single result of an operation. */
async function result(client, payload) {
  const results = [];
  for await (const result of client.iterate(payload)) results.push(result);
  assert.equal(results.length, 1);
  return results[0];
}

test('queries and mutations have results', async (t) => {
  const client = connect(t);
  const { data, errors } = await result(client, {
    query: 'query Named($first: Int!) { viewer { user { username } } products(first: $first) { nodes { id } } }',
    variables: { first: 3 },
  });
  assert.equal(errors, undefined);
  assert.equal(data.viewer.user.username, 'admin');
  assert.equal(data.products.nodes.length, 3);

  const created = await result(client, {
    query: 'mutation ($input: CreateOutflowInput!) { createOutflow(input: $input) { outflow { quantity } userErrors { code } } }',
    variables: { input: { productId: product.id, quantity: 1 } },
  });
  assert.deepEqual(created.data, { createOutflow: { outflow: { quantity: 1 }, userErrors: [] } });
});

test('an invalid operation does not affect others', async (t) => {
  const client = connect(t);
  await assert.rejects(result(client, { query: '{ nothing }' }), (errors) => {
    assert.match(errors[0].message, /nothing/);
    assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
    return true;
  });
  const { data } = await result(client, { query: '{ viewer { user { username } } }' });
  assert.equal(data.viewer.user.username, 'admin');
});

test('a subscription publishes each change once, in order', async (t) => {
  const last = await lastEntry(program, token);
  const client = connect(t);
  const changes = client.iterate({ query: CHANGES, variables: { after: last, productIds: [product.id] } });
  for (let quantity = 1; quantity <= 3; quantity += 1) await addOutflow(program, token, product.id, quantity);

  const received = [];
  for (let count = 0; count < 3; count += 1) {
    const { value } = await changes.next();
    assert.equal(value.errors, undefined);
    received.push(value.data.stockChanged);
  }
  await changes.return();
  assert.deepEqual(received.map(({ change }) => change), [-1, -2, -3]);
  assert.deepEqual(received.map(({ actor }) => actor.username), ['admin', 'admin', 'admin']);
  const entries = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(received.map(({ id }) => id), entries.map(({ id }) => id));
});

/**
 * Collects a product's changes like an application: it stores the last entry, and a reconnection resumes after it.
 * `graphql-ws` sends the same payload again when it reconnects, with the current value of `after`.
 */
function collectChanges(client, from) {
  const received = [];
  let notify = () => {};
  const variables = { after: from, productIds: [product.id] };
  const ended = new Promise((resolve, reject) => {
    client.subscribe(
      { query: CHANGES, variables },
      {
        next({ data, errors }) {
          assert.equal(errors, undefined);
          variables.after = data.stockChanged.id;
          received.push(data.stockChanged);
          notify();
        },
        error: reject,
        complete: resolve,
      },
    );
  });
  const waitFor = async (count) => {
    while (received.length < count) {
      await Promise.race([new Promise((resolve) => (notify = resolve)), ended.then(() => assert.fail('the subscription has ended'))]);
    }
    return received;
  };
  return { waitFor };
}

/** Options of a client that reconnects after 20 milliseconds. */
const RECONNECT_FAST = { retryAttempts: 50, retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)), shouldRetry: () => true };

test('no change is lost when a connection breaks', async (t) => {
  const last = await lastEntry(program, token);
  const client = connect(t, RECONNECT_FAST);
  const { waitFor } = collectChanges(client, last);
  await addOutflow(program, token, product.id);
  await waitFor(1);
  for (const count of [3, 5, 7]) {
    client.terminate();
    await addOutflow(program, token, product.id);
    await addOutflow(program, token, product.id);
    await waitFor(count);
  }
  const received = await waitFor(7);
  const entries = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(received.map(({ id }) => id), entries.map(({ id }) => id));
});

test('no change is lost when the program is killed and restarted', async (t) => {
  const last = await lastEntry(program, token);
  const client = connect(t, RECONNECT_FAST);
  const { waitFor } = collectChanges(client, last);
  await addOutflow(program, token, product.id);
  await waitFor(1);
  await program.crash();
  await addOutflow(program, token, product.id);
  const received = await waitFor(2);
  const entries = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(received.map(({ id }) => id), entries.map(({ id }) => id));
});

test('an invalid token is rejected', async (t) => {
  for (const Authorization of ['Bearer', 'Bearer nonsense', `Bearer ${token}x`]) {
    const client = connect(t, { connectionParams: { Authorization } });
    await assert.rejects(result(client, { query: '{ viewer { user { id } } }' }), { code: 4403, reason: 'Forbidden' });
  }
});

test('without a token, only public operations are allowed', async (t) => {
  const client = connect(t, { connectionParams: undefined });
  const { data } = await result(client, { query: '{ viewer { user { id } } }' });
  assert.deepEqual(data, { viewer: null });
  await assert.rejects(result(client, { query: CHANGES }), (errors) => {
    assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
    return true;
  });
});

test('a connection is closed when its token expires, and the client reconnects with a new one', async (t) => {
  const shortLived = await Program.start({ products: 5, settings: { ACCESS_TOKEN_LIFETIME: '2' } });
  t.after(() => shortLived.stop());
  const closed = [];
  let resolveReconnected;
  const reconnected = new Promise((resolve) => (resolveReconnected = resolve));
  const client = createClient({
    url: `${shortLived.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: async () => ({ Authorization: `Bearer ${(await shortLived.logIn('viewer')).access}` }),
    ...RECONNECT_FAST,
    on: {
      closed: (event) => closed.push(event.code),
      connected: (_socket, _payload, wasRetry) => wasRetry && resolveReconnected(),
    },
  });
  t.after(() => client.dispose());
  const changes = client.iterate({ query: CHANGES });
  const first = changes.next();
  await reconnected;
  assert.deepEqual(closed, [4403]);
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

test('deactivation closes the connection of a user', async (t) => {
  await program.command(['user', 'create', 'leaver', '--password-stdin'], `${PASSWORD}\n`);
  const { access } = await program.logIn('leaver');
  const client = connect(t, { connectionParams: { Authorization: `Bearer ${access}` } });
  const changes = client.iterate({ query: CHANGES, variables: { after: await lastEntry(program, token) } });
  const next = changes.next();
  await program.command(['user', 'deactivate', 'leaver']);
  await addOutflow(program, token, product.id);
  await assert.rejects(next, (error) => {
    const code = error.code ?? error[0]?.extensions?.code;
    assert(code === 4403 || code === 'UNAUTHENTICATED', JSON.stringify(error));
    return true;
  });
});
