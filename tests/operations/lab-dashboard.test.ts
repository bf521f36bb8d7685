import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeCensus } from '../../src/demo/census.ts';
import { parseWorkload } from '../../src/lab/guest/index.ts';
import type { SlaClass } from '../../src/policy/vocabulary.ts';
import type { OperationRow } from '../../src/store/rows.ts';
import { openBrowser, openPage, type Watched } from '../web/browser.ts';
import { type LabSite, openLabSite } from '../web/lab-site.ts';

const guests: readonly (readonly [name: string, slaClass: SlaClass, workload: string])[] = [
  ['cache', 'cattle', 'random:rate=1MiB/s,set=4MiB'],
  ['wiki', 'pet', 'random:rate=2MiB/s,set=8MiB'],
  // Faster than the link carries: it is still there when somebody wants it to stay.
  ['billing', 'pet', 'random:rate=40MiB/s,set=64MiB'],
];
const longestMs = 90_000;

let site: LabSite;
let browser: Browser;
let watched: Watched;
let page: Page;
beforeAll(async () => {
  site = await openLabSite(
    guests.map(([name, slaClass, workload]) => ({
      name,
      class: slaClass,
      kind: 'beat',
      memoryBytes: 96 * 2 ** 20,
      workload: parseWorkload(workload),
    })),
  );
  browser = await openBrowser();
  watched = await openPage(browser);
  ({ page } = watched);
  await page.goto(site.service.link());
  await page.getByRole('region', { name: 'Host h1' }).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await site?.end();
});

async function newest(): Promise<OperationRow> {
  const { items } = await site.service.controller.store.operations.list({
    limit: 1,
    after: undefined,
  });
  const [operation] = items;
  if (operation === undefined) throw new Error('there is no operation');
  return operation;
}

async function drainByClicks(reason: 'maintenance' | 'evacuation'): Promise<void> {
  await page.getByRole('link', { name: 'Drains' }).click();
  await page.getByLabel('Empty the host').selectOption('h1');
  await page.getByLabel(/^Reason/).selectOption(reason);
  await page.getByRole('button', { name: 'Show what it would do' }).click();
  await page.getByRole('button', { name: 'Begin: empty h1' }).click({ timeout: 30_000 });
  await page.getByRole('heading', { name: 'drain of h1: running' }).waitFor();
}

const row = (vm: string) => page.getByRole('row').filter({ hasText: vm });

test('a drain that is cancelled turns back: who was under way is where he was', async () => {
  await drainByClicks('maintenance');
  await row('billing')
    .getByText(/copying/)
    .waitFor({ timeout: longestMs });
  await page.getByRole('button', { name: 'Cancel, and turn back' }).click();
  await page.getByRole('button', { name: /Really cancel/ }).click();
  await page.getByRole('heading', { name: 'drain of h1: cancelled' }).waitFor({
    timeout: longestMs,
  });
  expect(await newest()).toMatchObject({ kind: 'drain', state: 'cancelled' });
  expect((await takeCensus(site.lab)).get('billing')).toEqual(['h1']);
  await page.getByRole('button', { name: 'Open it again' }).click();
  await page.getByText('h1 is closed').waitFor({ state: 'detached' });
}, 180_000);

test('a drain is watched to its end, its importance raised by a click', async () => {
  await drainByClicks('maintenance');
  await page.getByRole('button', { name: 'Raise importance to high' }).click();
  await page.getByText(/by now high|importance high/).waitFor();
  await page.getByRole('heading', { name: 'drain of h1: completed' }).waitFor({
    timeout: longestMs,
  });
  const census = await takeCensus(site.lab);
  const told = (await newest()).report?.parts.map(({ vm, to }) => [vm, to] as const) ?? [];
  expect(told.map(([vm]) => vm)).toContain('billing');
  for (const [vm, to] of told) {
    expect(census.get(vm)).toEqual([to]);
    expect(await row(vm).innerText()).toContain('has arrived');
  }
  expect([...census.values()].flat()).not.toContain('h1');
  expect((await newest()).importance).toBe('high');
  expect(watched.complaints).toEqual([]);
}, 180_000);
