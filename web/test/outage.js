// GraphiQL while the server is stopped, and after its restart.

import assert from 'node:assert/strict';
import { PASSWORD, Program } from '../../tests/clients/program.js';
import { addOutflow, productWithMostStock } from '../../tests/clients/shop.js';
import { execute, openGraphiql, openTab, waitForResult, within } from './graphiql.js';

const UNREACHABLE = 'The server cannot be reached.';

export async function checkOutage({ browser, step }) {
  const program = await Program.start();
  try {
    const page = await openGraphiql(browser, program.url);
    const { access } = await program.logIn('admin', PASSWORD);
    const { id } = await productWithMostStock(program, access);
    const sent = [];
    let resolveSubscribed;
    const subscribed = new Promise((resolve) => (resolveSubscribed = resolve));
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        sent.push(JSON.parse(payload));
        if (sent.at(-1).type === 'subscribe') resolveSubscribed();
      }),
    );

    await step('a subscription shows that the server is unreachable, and later continues after its last entry', async () => {
      await openTab(page, 'StockChanged');
      await execute(page);
      await within(30_000, subscribed, 'the subscription');
      // The first outflows can precede the start of the subscription, so they are repeated until an entry arrives.
      const arrived = waitForResult(page, '"OUTFLOW_CREATED"').then(() => true);
      do await addOutflow(program, access, id, 1);
      while (!(await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 500, false))])));
      const before = await page.locator('.result-window .view-lines').innerText();
      assert(!before.includes('stockroomEntryId'), before);
      await program.kill();
      await waitForResult(page, UNREACHABLE);
      await program.restart();
      await addOutflow(program, access, id, 1);
      await page.waitForFunction(
        (text) => {
          const now = document.querySelector('.result-window .view-lines').innerText;
          return now.includes('OUTFLOW_CREATED') && now !== text;
        },
        before,
      );
      const resumed = sent.filter((message) => message.type === 'subscribe').at(-1);
      assert.match(resumed.payload.query, /stockChanged\(after: "\d+"\)/);
      await execute(page);
    });

    await step('a query shows that the server is unreachable', async () => {
      await openTab(page, 'RunningLow');
      await program.kill();
      await execute(page);
      await waitForResult(page, UNREACHABLE);
      const text = await page.locator('.result-window .view-lines').innerText();
      assert(!text.includes('stack'), text);
      await program.restart();
      await execute(page);
      await waitForResult(page, '"totalCount"');
    });
    await page.context().close();
  } finally {
    await program.stop();
  }
}
