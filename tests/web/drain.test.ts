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
  site = await openSite(['h1', 'h2', 'h3']);
  const guests = [
    ['billing-db', 'furious', 'pet'],
    ['wiki', 'large', 'cattle'],
    ['mail', 'idle', 'pet'],
    ['cache', 'idle', 'panda'],
  ] as const;
  for (const [name, temper, slaClass] of guests) site.stage.addGuest(name, temper, slaClass, 'h1');
  await site.controller.vms({}, true);
  watched = await openPage(browser);
  ({ page } = watched);
  await logIn(page, site.address, (await site.token('operator')).secret);
});
afterAll(async () => {
  await browser.close();
  await site.end();
});

const deadline = async () => (await site.controller.operations.find('h1')).deadlineAt;
const row = (vm: string) => page.getByRole('row').filter({ hasText: vm });

test('what a drain would do is shown before it is done, and nothing is touched', async () => {
  await page.getByRole('link', { name: 'Drains' }).click();
  await page.getByLabel('Empty the host').selectOption('h1');
  await page.getByRole('button', { name: 'Show what it would do' }).click();
  await page.getByRole('heading', { name: 'What emptying h1 would do' }).waitFor();
  expect(await page.locator('.timeline tbody tr').count()).toBe(4);
  expect(await page.locator('.stretch.planned').count()).toBeGreaterThan(2);
  expect(await brokenInBothThemes(page)).toEqual([]);
  expect(await site.stage.store.operations.list({ limit: 5, after: undefined })).toMatchObject({
    items: [],
  });
});

test('a drain is begun, paused, and resumed', async () => {
  await page.getByRole('button', { name: 'Begin: empty h1' }).click();
  await page.getByRole('heading', { name: 'drain of h1: running' }).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('heading', { name: 'drain of h1: paused' }).waitFor();
  expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('heading', { name: 'drain of h1: running' }).waitFor();
});

test('its deadline is set by a click, and taken away again', async () => {
  await page.getByLabel('Deadline, minutes from now').fill('30');
  await page.getByRole('button', { name: 'Set the deadline' }).click();
  await page.getByText(/: (probably )?in time/).waitFor();
  expect(await deadline()).toBeGreaterThan(Date.now());
  await page.getByRole('button', { name: 'Without a deadline' }).click();
  await page.getByText('none', { exact: true }).waitFor();
  expect(await deadline()).toBeUndefined();
});

test('a drain keeps to WCAG AA', async () => {
  expect(await brokenInBothThemes(page)).toEqual([]);
});

test('it is watched to its end, with one VM that is hurried', async () => {
  await page.getByRole('button', { name: 'Hurry billing-db' }).click();
  await page.getByRole('heading', { name: 'drain of h1: completed' }).waitFor({ timeout: 90_000 });
  for (const vm of ['billing-db', 'wiki', 'mail', 'cache'])
    expect(await row(vm).innerText()).toContain('has arrived');
  expect(await page.locator('.stretch.done').count()).toBe(4);
  expect(watched.complaints).toEqual([]);
}, 120_000);

test('the host stays closed until it is opened by a click', async () => {
  await page.getByText('h1 is closed').waitFor();
  await page.getByRole('button', { name: 'Open it again' }).click();
  await page.getByText('h1 is closed').waitFor({ state: 'detached' });
  const open = await site.controller.hosts();
  expect(open.find(({ name }) => name === 'h1')).toMatchObject({ closure: undefined });
});

test('all of them are listed', async () => {
  await page.getByRole('link', { name: 'Drains' }).click();
  expect(await row('drain of h1').innerText()).toMatch(/completed\s+100 %/);
  expect(await brokenInBothThemes(page)).toEqual([]);
});

test('whether the fleet is even is said; hosts with little on them are emptied by a click', async () => {
  const show = page.getByRole('button', { name: 'Show what it would do' });
  await page.getByLabel('What is to be done').selectOption('balance');
  await show.click();
  await page.getByText('The fleet is even enough.').waitFor();
  await page.getByLabel('What is to be done').selectOption('defrag');
  await show.click();
  await page.getByRole('heading', { name: 'What defragmentation would do' }).waitFor();
  await page.getByRole('button', { name: 'Begin: defragment' }).click();
  await page.getByRole('heading', { name: /^defrag: / }).waitFor();
  expect(await site.stage.store.operations.list({ limit: 1, after: undefined })).toMatchObject({
    items: [{ kind: 'defrag', importance: 'low' }],
  });
});
