import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokenInBothThemes, logIn, openBrowser, openPage, type Watched } from './browser.ts';
import { openSite, type Site } from './site.ts';

let browser: Browser;
let site: Site;
let watched: Watched;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
  site = await openSite(['h1', 'h2']);
  site.stage.addGuest('wiki', 'idle', 'cattle', 'h1');
  await site.controller.vms({}, true);
  watched = await openPage(browser);
  ({ page } = watched);
  await logIn(page, site.address, (await site.token('admin')).secret);
});
afterAll(async () => {
  await browser.close();
  await site.end();
});

const thirdHost = async () => (await site.controller.hosts()).find(({ name }) => name === 'h3');

test('an admin adds a host, says what it may not do, and forgets it with two clicks', async () => {
  await page.getByRole('link', { name: 'Hosts' }).click();
  await page.getByLabel('Name').fill('h3');
  await page.getByLabel('URI').fill('qemu+tls://h3/system');
  await page.getByRole('button', { name: 'Add host' }).click();
  await page.getByRole('button', { name: 'Forbid splitting: h3' }).click();
  await page.getByRole('button', { name: 'Allow splitting: h3' }).waitFor();
  expect(await thirdHost()).toMatchObject({ postCopy: { allowed: false } });
  const forget = page.getByRole('button', { name: 'Forget: h3' });
  await forget.click();
  expect(await thirdHost()).toBeDefined();
  await page.getByRole('button', { name: 'Really forget h3?' }).click();
  await page.getByText('qemu+tls://h3/system').waitFor({ state: 'detached' });
  expect(await thirdHost()).toBeUndefined();
});

test('all hosts are asked by a click, and who does not answer is named', async () => {
  await page.getByRole('button', { name: 'Ask all hosts now' }).click();
  const said = page.getByText('all have answered');
  await said.waitFor();
  expect(await said.count()).toBe(1);
});

test('all hosts are examined by a click, and their versions are shown', async () => {
  await page.getByRole('button', { name: 'Examine all hosts' }).click();
  const found = page.getByRole('region', { name: 'What was found' }).getByRole('row');
  await found.filter({ hasText: 'versions' }).filter({ hasText: 'h2' }).waitFor();
  expect(await brokenInBothThemes(page)).toEqual([]);
});

test('each cell of the policy says in words what it means', async () => {
  await page.getByRole('link', { name: 'Policy' }).click();
  await page.getByRole('row', { name: /panda/ }).waitFor();
  expect(await page.locator('.matrix dl').count()).toBe(9);
  expect(await page.locator('.matrix dl').first().innerText()).toContain('up to 500 ms');
});

test('what an admin did stands in the audit, and is filtered', async () => {
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByText('host.set').first().waitFor();
  await page.getByLabel('Of what').fill('h9');
  await page.keyboard.press('Enter');
  await page.getByText('host.set').first().waitFor({ state: 'detached' });
  expect(await page.locator('tbody tr').count()).toBe(0);
});

const views = ['Hosts', 'Policy', 'Audit'] as const;
test.each(views)('%s keeps to WCAG AA', async (view) => {
  await page.getByRole('link', { name: view }).click();
  await page.getByRole('heading', { name: view, exact: true }).waitFor();
  expect(await brokenInBothThemes(page)).toEqual([]);
  expect(watched.complaints).toEqual([]);
});

test('a viewer finds no way to the audit, and no buttons that he may not press', async () => {
  const viewer = await openPage(browser);
  await logIn(viewer.page, site.address, (await site.token('viewer')).secret);
  expect(await viewer.page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  await viewer.page.getByRole('link', { name: 'Hosts' }).click();
  await viewer.page.getByRole('button', { name: 'Ask all hosts now' }).waitFor();
  expect(await viewer.page.getByRole('button').allInnerTexts()).toEqual([
    'Log out',
    'Ask all hosts now',
  ]);
  await viewer.page.context().close();
});

test('a window as narrow as a phone scrolls no page sideways', async () => {
  await page.setViewportSize({ width: 360, height: 700 });
  for (const view of ['Fleet', 'Drains', 'Migrations', ...views]) {
    await page.getByRole('link', { name: view, exact: true }).click();
    await page.getByRole('heading', { name: view, exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  }
});
