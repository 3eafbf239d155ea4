// GraphiQL when the server stops and comes back.

import assert from 'node:assert/strict';
import { PASSWORD, Program } from '../../tests/clients/program.js';
import { plentiful, takeOut } from '../../tests/clients/shop.js';
import { execute, openGraphiql, openTab, shown, within } from './graphiql.js';

const UNREACHABLE = 'The server cannot be reached.';

export async function checkOutage({ browser, step }) {
  const program = await Program.start();
  try {
    const page = await openGraphiql(browser, program.url);
    const { access } = await program.logIn('admin', PASSWORD);
    const { id } = await plentiful(program, access);
    const sent = [];
    let begun;
    const subscribed = new Promise((resolve) => (begun = resolve));
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        sent.push(JSON.parse(payload));
        if (sent.at(-1).type === 'subscribe') begun();
      }),
    );

    await step('a subscription says that the server stopped, and continues from its last entry', async () => {
      await openTab(page, 'StockChanged');
      await execute(page);
      await within(30_000, subscribed, 'the subscription');
      // The message may be on its way still, so one outflow may be too early: until an entry arrives.
      const arrived = shown(page, '"OUTFLOW_CREATED"').then(() => true);
      do await takeOut(program, access, id, 1);
      while (!(await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 500, false))])));
      const before = await page.locator('.result-window .view-lines').innerText();
      assert(!before.includes('stockroomEntryId'), before);
      await program.kill();
      await shown(page, UNREACHABLE);
      await program.revive();
      await takeOut(program, access, id, 1);
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

    await step('a query says that the server stopped', async () => {
      await openTab(page, 'RunningLow');
      await program.kill();
      await execute(page);
      await shown(page, UNREACHABLE);
      const text = await page.locator('.result-window .view-lines').innerText();
      assert(!text.includes('stack'), text);
      await program.revive();
      await execute(page);
      await shown(page, '"totalCount"');
    });
    await page.context().close();
  } finally {
    await program.stop();
  }
}
