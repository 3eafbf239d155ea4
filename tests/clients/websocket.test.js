// The npm client `graphql-ws`, used the ordinary way.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { PASSWORD, Program } from './program.js';
import { CHANGES, entriesAfter, lastEntry, plentiful, takeOut } from './shop.js';

let program;
let token;
let product;
before(async () => {
  program = await Program.start();
  token = (await program.logIn('admin')).access;
  product = await plentiful(program, token);
});
after(() => program.stop());

/** A client as somebody would make it, of these parts of the settings; disposed of after the test. */
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

/** The one answer to an operation. */
async function answer(client, payload) {
  const answers = [];
  for await (const result of client.iterate(payload)) answers.push(result);
  assert.equal(answers.length, 1);
  return answers[0];
}

test('queries and mutations are answered', async (t) => {
  const client = connect(t);
  const { data, errors } = await answer(client, {
    query: 'query Named($first: Int!) { viewer { user { username } } products(first: $first) { nodes { id } } }',
    variables: { first: 3 },
  });
  assert.equal(errors, undefined);
  assert.equal(data.viewer.user.username, 'admin');
  assert.equal(data.products.nodes.length, 3);

  const taken = await answer(client, {
    query: 'mutation ($input: CreateOutflowInput!) { createOutflow(input: $input) { outflow { quantity } userErrors { code } } }',
    variables: { input: { productId: product.id, quantity: 1 } },
  });
  assert.deepEqual(taken.data, { createOutflow: { outflow: { quantity: 1 }, userErrors: [] } });
});

test('an operation that is wrong fails alone', async (t) => {
  const client = connect(t);
  await assert.rejects(answer(client, { query: '{ nothing }' }), (errors) => {
    assert.match(errors[0].message, /nothing/);
    assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
    return true;
  });
  const { data } = await answer(client, { query: '{ viewer { user { username } } }' });
  assert.equal(data.viewer.user.username, 'admin');
});

test('a subscription tells each change once, in order', async (t) => {
  const last = await lastEntry(program, token);
  const client = connect(t);
  const changes = client.iterate({ query: CHANGES, variables: { after: last, productIds: [product.id] } });
  for (let quantity = 1; quantity <= 3; quantity += 1) await takeOut(program, token, product.id, quantity);

  const heard = [];
  for (let count = 0; count < 3; count += 1) {
    const { value } = await changes.next();
    assert.equal(value.errors, undefined);
    heard.push(value.data.stockChanged);
  }
  await changes.return();
  assert.deepEqual(heard.map(({ change }) => change), [-1, -2, -3]);
  assert.deepEqual(heard.map(({ actor }) => actor.username), ['admin', 'admin', 'admin']);
  const kept = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(heard.map(({ id }) => id), kept.map(({ id }) => id));
});

/**
 * Collects a product's changes as an application would: it remembers the last entry, and a reconnection asks for what
 * came after it. `graphql-ws` sends the same payload again, so `after` is read when it is sent.
 */
function follow(client, from) {
  const heard = [];
  let wake = () => {};
  const seen = { after: from, productIds: [product.id] };
  const ended = new Promise((resolve, reject) => {
    client.subscribe(
      { query: CHANGES, variables: seen },
      {
        next({ data, errors }) {
          assert.equal(errors, undefined);
          seen.after = data.stockChanged.id;
          heard.push(data.stockChanged);
          wake();
        },
        error: reject,
        complete: resolve,
      },
    );
  });
  const until = async (count) => {
    while (heard.length < count) {
      await Promise.race([new Promise((resolve) => (wake = resolve)), ended.then(() => assert.fail('it has ended'))]);
    }
    return heard;
  };
  return { until };
}

/** At once, as tests have no time to be polite. */
const eager = { retryAttempts: 50, retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)), shouldRetry: () => true };

test('a connection that breaks loses nothing', async (t) => {
  const last = await lastEntry(program, token);
  const client = connect(t, eager);
  const { until } = follow(client, last);
  await takeOut(program, token, product.id);
  await until(1);
  for (const count of [3, 5, 7]) {
    client.terminate();
    await takeOut(program, token, product.id);
    await takeOut(program, token, product.id);
    await until(count);
  }
  const heard = await until(7);
  const kept = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(heard.map(({ id }) => id), kept.map(({ id }) => id));
});

test('a program that is killed and started again loses nothing', async (t) => {
  const last = await lastEntry(program, token);
  const client = connect(t, eager);
  const { until } = follow(client, last);
  await takeOut(program, token, product.id);
  await until(1);
  await program.crash();
  await takeOut(program, token, product.id);
  const heard = await until(2);
  const kept = await entriesAfter(program, token, product.id, last);
  assert.deepEqual(heard.map(({ id }) => id), kept.map(({ id }) => id));
});

test('a token that is not good is refused', async (t) => {
  for (const Authorization of ['Bearer', 'Bearer nonsense', `Bearer ${token}x`]) {
    const client = connect(t, { connectionParams: { Authorization } });
    await assert.rejects(answer(client, { query: '{ viewer { user { id } } }' }), { code: 4403, reason: 'Forbidden' });
  }
});

test('without a token, what needs a login is refused and the rest is answered', async (t) => {
  const client = connect(t, { connectionParams: undefined });
  const { data } = await answer(client, { query: '{ viewer { user { id } } }' });
  assert.deepEqual(data, { viewer: null });
  await assert.rejects(answer(client, { query: CHANGES }), (errors) => {
    assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
    return true;
  });
});

test('a connection ends with its token, and the client comes back with a new one', async (t) => {
  const short = await Program.start({ products: 5, settings: { ACCESS_TOKEN_LIFETIME: '2' } });
  t.after(() => short.stop());
  const closed = [];
  let again;
  const cameBack = new Promise((resolve) => (again = resolve));
  const client = createClient({
    url: `${short.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: async () => ({ Authorization: `Bearer ${(await short.logIn('viewer')).access}` }),
    ...eager,
    on: {
      closed: (event) => closed.push(event.code),
      connected: (_socket, _payload, wasRetry) => wasRetry && again(),
    },
  });
  t.after(() => client.dispose());
  const changes = client.iterate({ query: CHANGES });
  const first = changes.next();
  await cameBack;
  assert.deepEqual(closed, [4403]);
  let told = false;
  first.then(() => (told = true));
  // The subscription may not have begun when something happens; one of the next finds it running. Tokens are short here.
  while (!told) {
    const { access } = await short.logIn('admin');
    const { id } = await plentiful(short, access);
    await takeOut(short, access, id);
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  const { value } = await first;
  assert.equal(value.data.stockChanged.change, -1);
  await changes.return();
});

test('a user who is deactivated is cut off', async (t) => {
  await program.command(['user', 'create', 'leaver', '--password-stdin'], `${PASSWORD}\n`);
  const { access } = await program.logIn('leaver');
  const client = connect(t, { connectionParams: { Authorization: `Bearer ${access}` } });
  const changes = client.iterate({ query: CHANGES, variables: { after: await lastEntry(program, token) } });
  const next = changes.next();
  await program.command(['user', 'deactivate', 'leaver']);
  await takeOut(program, token, product.id);
  await assert.rejects(next, (refused) => {
    const code = refused.code ?? refused[0]?.extensions?.code;
    assert(code === 4403 || code === 'UNAUTHENTICATED', JSON.stringify(refused));
    return true;
  });
});
