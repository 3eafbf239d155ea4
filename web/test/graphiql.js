// Actions in GraphiQL and in the login form.

import { PASSWORD } from '../../tests/clients/program.js';

/** Opens GraphiQL on a new page that is logged in as `admin`. */
export async function openGraphiql(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  await page.goto(`${url}/graphql`);
  await page.locator('.graphiql-query-editor .view-line', { hasText: 'RunningLow' }).waitFor();
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.locator('#login').getByRole('button', { name: 'Log in' }).click();
  await page.locator('#session-state', { hasText: 'Logged in as admin' }).waitFor();
  return page;
}

/** Waits for a text in the pane of the response. */
export const waitForResult = (page, text) => page.locator('.result-window .view-lines').filter({ hasText: text }).waitFor();

/** Presses the play button, which is the stop button while a subscription runs. */
export const execute = (page) => page.locator('.graphiql-execute-button').click();

/** Opens a tab, and waits until GraphiQL would execute its operation instead of that of the tab before. */
export async function openTab(page, name) {
  await page.getByRole('tab', { name }).click();
  await page.waitForFunction((name) => {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('stockroom.graphiql:tabState'));
    return tabs[activeTabIndex].operationName === name;
  }, name);
}

/** Waits for a promise, for at most this many milliseconds. */
export function within(milliseconds, promise, name) {
  const timeout = new Promise((_, reject) => setTimeout(reject, milliseconds, new Error(`${name}: not in time`)).unref());
  return Promise.race([promise, timeout]);
}
