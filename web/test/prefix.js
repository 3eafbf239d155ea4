// The pages behind a proxy that serves the program below a path of another host, and removes that path.

import assert from 'node:assert/strict';
import { Program } from '../../tests/clients/program.js';
import { proxy } from '../../tests/clients/proxy.js';
import { addOutflow, productWithMostStock } from '../../tests/clients/shop.js';
import { execute, openGraphiql, openTab, waitForResult } from './graphiql.js';

const PATH = '/stock';

export async function checkPrefix({ browser, step }) {
  // The program's settings contain the address of the proxy, so the proxy starts first and gets its target afterwards.
  const reverseProxy = await proxy(PATH);
  const program = await Program.start({ settings: { PUBLIC_URL: reverseProxy.url } });
  reverseProxy.target = program.url;
  try {
    await step('below a path, every link, script and request stays below it', async () => {
      const page = await openGraphiql(browser, reverseProxy.url);
      const outsideRequests = [];
      page.on('request', (request) => new URL(request.url()).pathname.startsWith(`${PATH}/`) || outsideRequests.push(request.url()));
      page.on('response', (response) => response.status() >= 400 && outsideRequests.push(`${response.status()} ${response.url()}`));
      await execute(page);
      await waitForResult(page, '"totalCount"');

      await openTab(page, 'StockChanged');
      const [socket] = await Promise.all([page.waitForEvent('websocket'), execute(page)]);
      assert.equal(socket.url(), `${reverseProxy.url.replace('http', 'ws')}/graphql`);
      const { access } = await program.logIn('admin');
      const { id } = await productWithMostStock(program, access);
      const arrived = waitForResult(page, '"OUTFLOW_CREATED"').then(() => true);
      do await addOutflow(program, access, id, 1);
      while (!(await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 500, false))])));
      await execute(page);

      await page.locator('.bar nav').getByRole('link', { name: 'REST' }).click();
      await page.waitForURL(`${reverseProxy.url}/docs`);
      const brands = page.locator('.opblock-get').filter({ has: page.locator('[data-path="/brands/"]') });
      await brands.locator('.opblock-summary-control').click();
      await brands.locator('.execute').click();
      await brands.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor();

      await page.locator('.brand').click();
      await page.waitForURL(`${reverseProxy.url}/`);
      const links = await page.locator('a[href^="/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      assert(links.length >= 6 && links.every((link) => link.startsWith(`${PATH}/`)), links.join());
      assert((await page.locator('pre').first().textContent()).includes(`curl -s ${reverseProxy.url}/api/v1/authentication/token/`));
      assert.deepEqual(outsideRequests, []);
      await page.context().close();
    });
  } finally {
    await program.stop();
    reverseProxy.stop();
  }
}
