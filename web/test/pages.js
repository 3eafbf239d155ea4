// Tests the pages in headless Chromium against the program: logs in, runs the first query, receives an event of a
// subscription, opens and tries the REST reference. Fails if a page requests another host or violates its own content
// security policy.
//
// The program is started and stopped here, unless STOCKROOM_URL, STOCKROOM_USER and STOCKROOM_PASSWORD name one that runs
// already and a user who can create and delete outflows. CHROMIUM names the browser. SCREENSHOTS names a folder for
// screenshots.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { PASSWORD, Program } from '../../tests/clients/program.js';
import { tabs } from '../src/tabs.js';
import { checkLayout } from './layout.js';
import { checkOutage } from './outage.js';
import { checkPrefix } from './prefix.js';

const running = process.env.STOCKROOM_URL;
const program = running ? undefined : await Program.start({ products: 240 });
const base = new URL(running ?? program.url).origin;
const username = process.env.STOCKROOM_USER ?? 'admin';
const password = running ? process.env.STOCKROOM_PASSWORD : PASSWORD;
assert(password, 'STOCKROOM_PASSWORD is not set');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update'],
});
const VIEWPORT = { width: 1360, height: 820 };
const context = await browser.newContext({ baseURL: base, viewport: VIEWPORT });
context.setDefaultTimeout(30_000);
const page = await context.newPage();

const faults = [];
const isOwnHost = (url) => ['blob:', 'data:'].some((scheme) => url.startsWith(scheme)) || new URL(url).host === new URL(base).host;
context.on('request', (request) => isOwnHost(request.url()) || faults.push(`request to another host: ${request.url()}`));
context.on('weberror', (error) => faults.push(`error in the page: ${error.error()}`));
context.on('console', (message) => {
  if (message.type() === 'error' && message.text().includes('Content Security Policy')) faults.push(message.text());
});
page.on('websocket', (socket) => isOwnHost(socket.url()) || faults.push(`connection to another host: ${socket.url()}`));

async function step(name, run) {
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    console.log(`FAIL  ${name}`);
    await screenshot('failure');
    throw error;
  }
}

async function screenshot(name) {
  if (!process.env.SCREENSHOTS) return;
  await mkdir(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
}

/** Sends a request to the server, independently of the page. */
async function graphql(query, variables) {
  const { access } = await page.evaluate(() => JSON.parse(sessionStorage.getItem('stockroom.session')));
  const response = await context.request.post('/graphql', {
    headers: { Authorization: `Bearer ${access}` },
    data: { query, variables },
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

async function takeBackOutflow(id) {
  const { deleteOutflow } = await graphql(
    `mutation ($input: DeleteOutflowInput!) { deleteOutflow(input: $input) { userErrors { code message } } }`,
    { input: { id } },
  );
  assert.deepEqual(deleteOutflow.userErrors, []);
}

const waitForState = (text) => page.locator('#session-state', { hasText: text }).waitFor();
const resultPane = page.locator('.result-window .view-lines');
const waitForResult = (text) => resultPane.filter({ hasText: text }).waitFor();
const run = page.locator('.graphiql-execute-button');

/** Waits for GraphiQL's editors, which load after its buttons; before that, operations do not run. */
async function ready() {
  await page.locator('.graphiql-query-editor .view-line', { hasText: 'RunningLow' }).waitFor();
  await resultPane.waitFor();
  // The GraphQL worker has loaded when words differ in colour.
  await page.waitForFunction(() => {
    const words = document.querySelectorAll('.graphiql-query-editor .view-line span[class^="mtk"]');
    return new Set(Array.from(words, (word) => word.className)).size > 2;
  });
}

async function logIn(secret) {
  if (!(await page.locator('#login').isVisible())) await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(secret);
  await page.locator('#login').getByRole('button', { name: 'Log in' }).click();
}

try {
  await step('the start page links to the other pages', async () => {
    await page.goto('/');
    await screenshot('start');
    const examples = await page.locator('pre').allTextContents();
    assert(examples.every((example) => example.includes(`curl -s ${base}/`) && !example.includes('localhost:8000')), examples.join());
    const links = await page.locator('a[href^="/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    for (const expected of ['/graphql', '/docs', '/api/v1/openapi.json', '/livez', '/readyz']) assert(links.includes(expected), expected);
    for (const link of new Set(links)) {
      const response = await context.request.get(link, { headers: { Accept: 'text/html, */*;q=0.8' } });
      assert.equal(response.status(), 200, link);
    }
  });

  await step('the first query needs a login', async () => {
    await page.goto('/graphql');
    await ready();
    await run.click();
    await waitForResult('UNAUTHENTICATED');
    await waitForState('You need to log in');
  });

  await step('a wrong password shows an error', async () => {
    await logIn(`${password}?`);
    await page.locator('#login .wrong', { hasText: /\w/ }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem('stockroom.session')), null);
    await screenshot('login');
  });

  await step('a login survives a reload', async () => {
    await logIn(password);
    await waitForState(`Logged in as ${username}`);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'log-out');
    await page.reload();
    await waitForState(`Logged in as ${username}`);
    await ready();
  });

  await step('the first query returns products', async () => {
    const [response] = await Promise.all([
      page.waitForResponse((it) => it.request().postData()?.includes('RunningLow')),
      run.click(),
    ]);
    const { data, errors } = await response.json();
    assert.equal(errors, undefined);
    assert(data.products.nodes.length > 0, 'there are no products');
    await waitForResult('"totalCount"');
    await screenshot('graphiql');
  });

  await step('the explorer and the documentation show the schema', async () => {
    await page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
    await page.locator('.graphiql-explorer-root', { hasText: 'stockLedger' }).waitFor();
    // The screenshot of the README, docs/graphiql.png.
    await page.evaluate(() => document.activeElement.blur());
    await page.setViewportSize({ width: 1560, height: 820 });
    await screenshot('explorer');
    await page.setViewportSize(VIEWPORT);
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.locator('.graphiql-doc-explorer', { hasText: 'Subscription' }).waitFor();
    await screenshot('documentation');
    await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
  });

  await step('the mutation changes stock', async () => {
    const { products } = await graphql(`{ products(first: 1, orderBy: { field: QUANTITY, direction: DESC }) { nodes { id } } }`);
    await page.getByRole('tab', { name: 'TakeOut' }).click();
    await page.getByRole('button', { name: 'Variables' }).click();
    await page.locator('.graphiql-editor-tool .view-line', { hasText: 'productId' }).first().click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(JSON.stringify({ input: { productId: products.nodes[0].id, quantity: 1 } }));
    // Delete the brackets that the editor adds.
    await page.keyboard.press('ControlOrMeta+Shift+End');
    await page.keyboard.press('Delete');
    const [response] = await Promise.all([
      page.waitForResponse((it) => it.request().postData()?.includes('TakeOut')),
      run.click(),
    ]);
    const { data, errors } = await response.json();
    assert.equal(errors, undefined);
    assert.deepEqual(data.createOutflow.userErrors, []);
    assert.equal(data.createOutflow.outflow.quantity, 1);
    await waitForResult('"unitPrice"');
    await screenshot('mutation');
    await takeBackOutflow(data.createOutflow.outflow.id);
  });

  await step('the subscription delivers changes', async () => {
    const { products, stockLedger } = await graphql(`{
      products(first: 1, orderBy: { field: QUANTITY, direction: DESC }) { nodes { id } }
      stockLedger(first: 1) { nodes { id } }
    }`);
    // Starts after the last entry, so that the outflow can precede the subscription.
    const last = stockLedger.nodes[0]?.id ?? '0';
    const subscription = tabs[2].query.replace('stockChanged {', `stockChanged(after: "${last}") {`);
    assert.notEqual(subscription, tabs[2].query);

    await page.getByRole('tab', { name: 'StockChanged' }).click();
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'subscription' }).first().click();
    await page.keyboard.press('ControlOrMeta+a');
    // Without indentation: the editor adds its own.
    await page.keyboard.insertText(subscription.replaceAll(/^ +/gm, ''));
    await page.locator('.graphiql-query-editor .view-line', { hasText: 'after:' }).last().waitFor();
    await page.getByRole('button', { name: 'Prettify' }).click();
    await run.click();

    const { createOutflow } = await graphql(
      `mutation ($input: CreateOutflowInput!) { createOutflow(input: $input) { outflow { id } userErrors { code message } } }`,
      { input: { productId: products.nodes[0].id, quantity: 1 } },
    );
    assert.deepEqual(createOutflow.userErrors, []);
    await waitForResult('OUTFLOW_CREATED');
    await screenshot('subscription');
    await takeBackOutflow(createOutflow.outflow.id);
    await waitForResult('OUTFLOW_DELETED');
  });

  await step('logging out deletes the token', async () => {
    await page.getByRole('button', { name: 'Log out' }).click();
    await waitForState('Logged out');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'log-in');
    assert.equal(await page.evaluate(() => sessionStorage.getItem('stockroom.session')), null);
  });

  await step('the REST reference shows every operation and tries one', async () => {
    const description = await (await context.request.get('/api/v1/openapi.json')).json();
    const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
    const operations = Object.values(description.paths).flatMap((item) => Object.keys(item).filter((key) => verbs.includes(key)));
    const path = Object.keys(description.paths).find((key) => /\/brands\/?$/.test(key));
    assert(path, 'no path for brands');

    await page.goto('/docs');
    await page.locator('.opblock').first().waitFor();
    assert.equal(await page.locator('.opblock').count(), operations.length);
    await screenshot('docs');

    const brands = page.locator('.opblock-get').filter({ has: page.locator(`[data-path="${path}"]`) });
    await brands.locator('.opblock-summary-control').click();
    await brands.locator('.execute').click();
    await brands.locator('.live-responses-table .response-col_status', { hasText: '401' }).waitFor();
    await waitForState('You need to log in');
    assert.equal(await page.locator('.authorize, .authorization__btn').count(), 0);
    await brands.locator('.hint').getByRole('button', { name: 'Log in' }).click();
    await logIn(password);
    await waitForState(`Logged in as ${username}`);
    await brands.locator('.execute').click();
    await brands.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();
    await screenshot('docs-tried');
  });

  if (program) await checkOutage({ browser, step });
  if (program) await checkPrefix({ browser, step });
  await checkLayout({ browser, base, step });

  await step('no page requested another host or violated its policy', () => assert.deepEqual(faults, []));

  await step('a request to another host is detected', async () => {
    const refused = page.waitForEvent('console', (message) => message.text().includes('Content Security Policy'));
    await page.evaluate(() => fetch('https://elsewhere.invalid/').catch(() => {}));
    await refused;
    assert(faults.some((fault) => fault.includes('elsewhere.invalid')), faults.join('\n'));
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
  await program?.stop();
}
