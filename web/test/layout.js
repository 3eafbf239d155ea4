// The pages at the widths of phones and of a small screen, light and dark: nothing scrolls sideways, the editor is wide
// enough, and axe-core reports only findings inside the libraries.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Findings inside the libraries, each with the issue that reports it. */
const LIBRARIES = [
  // A tab contains the button that closes it: https://github.com/graphql/graphiql/issues/3422
  ['nested-interactive', '.graphiql-tab'],
  // The head of an operation is a button beside others: https://github.com/swagger-api/swagger-ui/issues/9576
  ['nested-interactive', '.opblock-summary-control'],
  // Fields and lists without labels: https://github.com/swagger-api/swagger-ui/issues/10698
  ['select-name', '#docs select'],
  ['label', '#docs textarea'],
  // Two regions of one name: https://github.com/swagger-api/swagger-ui/issues/7350
  ['landmark-unique', '#docs .responses-table'],
];

const AXE = await readFile(join(import.meta.dirname, '../node_modules/axe-core/axe.min.js'), 'utf8');

/** The findings of axe-core on a page, except those inside the libraries. */
async function findings(page) {
  await page.evaluate(AXE);
  return page.evaluate(async (libraries) => {
    const { violations } = await globalThis.axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes
        .filter(({ target }) => !libraries.some(([rule, selector]) => rule === id && document.querySelector(target[0])?.closest(selector)))
        .map(({ target, html }) => `${id}: ${target.join(' ')}: ${html.slice(0, 120)}`),
    );
  }, LIBRARIES);
}

async function check(page, name) {
  const { width } = page.viewportSize();
  const needed = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(needed <= width, `${name} needs ${needed} of ${width} px`);
  assert.deepEqual(await findings(page), [], name);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
}

export async function checkLayout({ browser, base, step }) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 417, 1280]) {
      const name = `${width}-${colorScheme}`;
      await step(`the pages at ${width} px, ${colorScheme}`, async () => {
        const context = await browser.newContext({
          baseURL: base,
          colorScheme,
          viewport: { width, height: width < 1000 ? 844 : 800 },
          bypassCSP: true, // For axe-core.
        });
        const page = await context.newPage();
        await page.goto('/');
        await check(page, `start-${name}`);

        await page.goto('/graphql');
        const editor = page.locator('.graphiql-query-editor');
        await editor.locator('.view-line', { hasText: 'RunningLow' }).waitFor();
        await page.locator('.result-window .view-lines').waitFor();
        if (width >= 1280) {
          const isCut = await editor
            .locator('.view-line')
            .evaluateAll((lines) => {
              const { right } = lines[0].closest('.monaco-scrollable-element').getBoundingClientRect();
              return lines.some((line) => line.firstElementChild.getBoundingClientRect().right > right);
            });
          assert(!isCut, 'a line of the first query is cut off');
        }
        await check(page, `graphiql-${name}`);
        await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
        await page.locator('.graphiql-doc-explorer', { hasText: 'Subscription' }).waitFor();
        const editorWidth = (await page.locator('.graphiql-editors').boundingBox()).width;
        assert(editorWidth >= Math.min(width * 0.6, 400), `the editor has ${editorWidth} px beside the documentation`);
        await check(page, `graphiql-docs-${name}`);

        await page.goto('/docs');
        const brands = page.locator('.opblock-get').filter({ has: page.locator('[data-path="/brands/"]') });
        await brands.locator('.opblock-summary-control').click();
        await brands.locator('.execute').click();
        await brands.locator('.hint').waitFor();
        await check(page, `docs-${name}`);
        await context.close();
      });
    }
  }

  await step('the theme picked in GraphiQL is the theme of /docs', async () => {
    const context = await browser.newContext({ baseURL: base, colorScheme: 'light' });
    const page = await context.newPage();
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.goto('/docs');
    const light = await background();
    await page.evaluate(() => localStorage.setItem('stockroom.graphiql:theme', 'dark'));
    await page.reload();
    assert.notEqual(await background(), light);
    assert(await page.evaluate(() => document.documentElement.classList.contains('dark-mode')));
    await context.close();
  });
}
