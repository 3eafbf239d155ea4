// The same calls with each generated client: a login, a list ordered by two columns, a new brand, missing objects and pages,
// an invalid value.

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
const MISSING_ID = 999_999;

/** Asserts that the results are ordered by name. */
function assertOrdered(results: { name: string }[]) {
  const names = results.map(({ name }) => name);
  assert(names.length > 2);
  assert.deepEqual(names, [...names].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase(), 'en')));
}

test('openapi-fetch with openapi-typescript gets the described responses', async () => {
  const anonymous = createFetchClient<paths>({ baseUrl });
  const login = await anonymous.POST('/authentication/token/', { body: credentials });
  assert(login.data);
  const client = createFetchClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${login.data.access}` } });

  const page = await client.GET('/brands/', { params: { query: { ordering: ['name', '-id'] } } });
  assert(page.data);
  assertOrdered(page.data.results);
  const created = await client.POST('/brands/', { body: { name: 'openapi-fetch' } });
  assert.equal(created.response.status, 201);
  assert.equal(created.data?.name, 'openapi-fetch');
  assert.deepEqual((await client.GET('/brands/{id}/', { params: { path: { id: MISSING_ID } } })).error, NOT_FOUND);
  assert.deepEqual((await client.GET('/brands/', { params: { query: { page: MISSING_ID } } })).error, INVALID_PAGE);
  const deliveries = await client.GET('/webhooks/{id}/deliveries/', { params: { path: { id: MISSING_ID } } });
  assert.deepEqual(deliveries.error, NOT_FOUND);
  assert.deepEqual((await client.POST('/brands/', { body: { name: '' } })).error, BLANK);
});

test('@hey-api/openapi-ts gets the described responses', async () => {
  const anonymous = createHeyClient(createConfig({ baseUrl }));
  const login = await hey.obtainToken({ client: anonymous, body: credentials });
  assert(login.data);
  const client = createHeyClient(createConfig({ baseUrl, auth: login.data.access }));

  const page = await hey.listBrands({ client, query: { ordering: ['name', '-id'] } });
  assert(page.data);
  assertOrdered(page.data.results);
  const created = await hey.createBrand({ client, body: { name: 'hey-api' } });
  assert.equal(created.data?.name, 'hey-api');
  assert.deepEqual((await hey.getBrand({ client, path: { id: MISSING_ID } })).error, NOT_FOUND);
  assert.deepEqual((await hey.listBrands({ client, query: { page: MISSING_ID } })).error, INVALID_PAGE);
  assert.deepEqual((await hey.listWebhookDeliveries({ client, path: { id: MISSING_ID } })).error, NOT_FOUND);
  assert.deepEqual((await hey.createBrand({ client, body: { name: '' } })).error, BLANK);
});

test('orval with fetch and zod gets the described responses', async () => {
  const login = await orval.obtainToken(credentials);
  assert(login.status === 200);
  const options = { headers: { Authorization: `Bearer ${login.data.access}` } };

  const page = await orval.listBrands({ ordering: ['name', '-id'] }, options);
  assert(page.status === 200);
  assertOrdered(zod.listBrandsResponse.parse(page.data).results);
  const body = zod.createBrandBody.parse({ name: 'orval' });
  const created = await orval.createBrand(body, options);
  assert(created.status === 201);
  assert.equal(zod.getBrandResponse.parse(created.data).name, 'orval');
  assert.deepEqual((await orval.getBrand(MISSING_ID, options)).data, NOT_FOUND);
  assert.deepEqual((await orval.listBrands({ page: MISSING_ID }, options)).data, INVALID_PAGE);
  assert.deepEqual((await orval.listWebhookDeliveries(MISSING_ID, undefined, options)).data, NOT_FOUND);
  assert.deepEqual((await orval.createBrand({ name: '' }, options)).data, BLANK);
  assert.equal(zod.createBrandBody.safeParse({ name: '' }).success, false);
});

test('Prism reports no difference from the description', async () => {
  const url = process.env.PRISM_URL ?? '';
  const login = await orval.obtainToken(credentials);
  assert(login.status === 200);
  const headers = { Authorization: `Bearer ${login.data.access}`, 'Content-Type': 'application/json' };

  async function send(method: string, path: string, body?: object) {
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    // Prism uses this header to report where the request or the response differs from the description.
    assert.equal(response.headers.get('sl-violations'), null, `${method} ${path}`);
    return { status: response.status, body: await response.json() };
  }

  assert.equal((await send('POST', '/authentication/token/', credentials)).status, 200);
  const page = await send('GET', '/brands/?ordering=name,-id');
  assertOrdered(page.body.results);
  assert.equal((await send('POST', '/brands/', { name: 'Prism' })).status, 201);
  assert.deepEqual(await send('GET', `/brands/${MISSING_ID}/`), { status: 404, body: NOT_FOUND });
  assert.deepEqual(await send('GET', `/brands/?page=${MISSING_ID}`), { status: 404, body: INVALID_PAGE });
  assert.deepEqual(await send('GET', `/webhooks/${MISSING_ID}/deliveries/`), { status: 404, body: NOT_FOUND });
  const product = { title: 'Prism', cost_price: '1.00', selling_price: '2.00', category: MISSING_ID, brand: MISSING_ID };
  assert.equal((await send('POST', '/products/', product)).status, 422);
});
