// One round trip with each generated client: a login, a list in two orders, a new brand, what is not there, a fault.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import createFetchClient from 'openapi-fetch';
import * as hey from './generated/hey/sdk.gen';
import { createClient as createHeyClient, createConfig } from './generated/hey/client';
import * as orval from './generated/orval/fetch';
import * as zod from './generated/orval/zod';
import type { paths } from './generated/schema';

const baseUrl = process.env.STOCKROOM_URL ?? '';
const credentials = { username: 'admin', password: process.env.STOCKROOM_PASSWORD ?? '' };
const NOT_FOUND = { detail: 'Not found.' };
const INVALID_PAGE = { detail: 'Invalid page.' };
const BLANK = { name: ['This field may not be blank.'] };
/** Larger than any id that exists. */
const NONE = 999_999;

/** In ascending names; all names differ. */
function areOrdered(results: { name: string }[]) {
  const names = results.map(({ name }) => name);
  assert(names.length > 2);
  assert.deepEqual(names, [...names].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), 'en')));
}

test('openapi-fetch with openapi-typescript', async () => {
  const anonymous = createFetchClient<paths>({ baseUrl });
  const login = await anonymous.POST('/authentication/token/', { body: credentials });
  assert(login.data);
  const client = createFetchClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${login.data.access}` } });

  const page = await client.GET('/brands/', { params: { query: { ordering: ['name', '-id'] } } });
  assert(page.data);
  areOrdered(page.data.results);
  const made = await client.POST('/brands/', { body: { name: 'openapi-fetch' } });
  assert.equal(made.response.status, 201);
  assert.equal(made.data?.name, 'openapi-fetch');
  assert.deepEqual((await client.GET('/brands/{id}/', { params: { path: { id: NONE } } })).error, NOT_FOUND);
  assert.deepEqual((await client.GET('/brands/', { params: { query: { page: NONE } } })).error, INVALID_PAGE);
  const deliveries = await client.GET('/webhooks/{id}/deliveries/', { params: { path: { id: NONE } } });
  assert.deepEqual(deliveries.error, NOT_FOUND);
  assert.deepEqual((await client.POST('/brands/', { body: { name: '' } })).error, BLANK);
});

test('@hey-api/openapi-ts', async () => {
  const anonymous = createHeyClient(createConfig({ baseUrl }));
  const login = await hey.obtainToken({ client: anonymous, body: credentials });
  assert(login.data);
  const client = createHeyClient(createConfig({ baseUrl, auth: login.data.access }));

  const page = await hey.listBrands({ client, query: { ordering: ['name', '-id'] } });
  assert(page.data);
  areOrdered(page.data.results);
  const made = await hey.createBrand({ client, body: { name: 'hey-api' } });
  assert.equal(made.data?.name, 'hey-api');
  assert.deepEqual((await hey.getBrand({ client, path: { id: NONE } })).error, NOT_FOUND);
  assert.deepEqual((await hey.listBrands({ client, query: { page: NONE } })).error, INVALID_PAGE);
  assert.deepEqual((await hey.listWebhookDeliveries({ client, path: { id: NONE } })).error, NOT_FOUND);
  assert.deepEqual((await hey.createBrand({ client, body: { name: '' } })).error, BLANK);
});

test('orval: fetch and zod', async () => {
  const login = await orval.obtainToken(credentials);
  assert(login.status === 200);
  const options = { headers: { Authorization: `Bearer ${login.data.access}` } };

  const page = await orval.listBrands({ ordering: ['name', '-id'] }, options);
  assert(page.status === 200);
  areOrdered(zod.listBrandsResponse.parse(page.data).results);
  const body = zod.createBrandBody.parse({ name: 'orval' });
  const made = await orval.createBrand(body, options);
  assert(made.status === 201);
  assert.equal(zod.getBrandResponse.parse(made.data).name, 'orval');
  assert.deepEqual((await orval.getBrand(NONE, options)).data, NOT_FOUND);
  assert.deepEqual((await orval.listBrands({ page: NONE }, options)).data, INVALID_PAGE);
  assert.deepEqual((await orval.listWebhookDeliveries(NONE, undefined, options)).data, NOT_FOUND);
  assert.deepEqual((await orval.createBrand({ name: '' }, options)).data, BLANK);
  assert.equal(zod.createBrandBody.safeParse({ name: '' }).success, false);
});

test('Prism finds each response as described', async () => {
  const url = process.env.PRISM_URL ?? '';
  const login = await orval.obtainToken(credentials);
  assert(login.status === 200);
  const headers = { Authorization: `Bearer ${login.data.access}`, 'Content-Type': 'application/json' };

  async function ask(method: string, path: string, body?: object) {
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    // Prism lists in this header what differs from the description, of the request or the response.
    assert.equal(response.headers.get('sl-violations'), null, `${method} ${path}`);
    return { status: response.status, body: await response.json() };
  }

  assert.equal((await ask('POST', '/authentication/token/', credentials)).status, 200);
  const page = await ask('GET', '/brands/?ordering=name,-id');
  areOrdered(page.body.results);
  assert.equal((await ask('POST', '/brands/', { name: 'Prism' })).status, 201);
  assert.deepEqual(await ask('GET', `/brands/${NONE}/`), { status: 404, body: NOT_FOUND });
  assert.deepEqual(await ask('GET', `/brands/?page=${NONE}`), { status: 404, body: INVALID_PAGE });
  assert.deepEqual(await ask('GET', `/webhooks/${NONE}/deliveries/`), { status: 404, body: NOT_FOUND });
  const product = { title: 'Prism', cost_price: '1.00', selling_price: '2.00', category: NONE, brand: NONE };
  assert.equal((await ask('POST', '/products/', product)).status, 422);
});
