import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokenInBothThemes, logIn, openBrowser, openPage, type Watched } from './browser.ts';
import { openSite, type Site } from './site.ts';

const hostCount = 60;
const perHost = 25;
const names = Array.from({ length: hostCount }, (_, index) => `h${index + 1}`);

let browser: Browser;
let site: Site;
let watched: Watched;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
  site = await openSite(names);
  for (const host of names)
    for (let index = 0; index < perHost; index += 1)
      site.stage.addGuest(`${host}-vm${index}`, 'idle', index === 0 ? 'panda' : 'cattle', host);
  site.stage.addGuest('billing-db', 'furious', 'pet', 'h2');
  await site.controller.vms({}, true);
  watched = await openPage(browser);
  ({ page } = watched);
  await logIn(page, site.address, (await site.token('operator')).secret);
});
afterAll(async () => {
  await browser.close();
  await site.end();
});

const tiles = (): Promise<number> => page.locator('.tile').count();

test('every host is a column; of very many tiles only those are drawn that can be seen', async () => {
  await page.getByText(`${(hostCount * perHost + 1).toLocaleString('en')} VMs`).waitFor();
  await page.getByRole('region', { name: 'Host h1', exact: true }).waitFor();
  expect(await tiles()).toBeLessThan((hostCount * perHost) / 2);
  expect(await page.getByRole('region', { name: 'Host h60' }).count()).toBe(0);
  await page.keyboard.press('End');
  await page.getByRole('region', { name: 'Host h60' }).waitFor();
  expect(await page.getByRole('region', { name: 'Host h1', exact: true }).count()).toBe(0);
});

test('what is searched for is found, and is in the address', async () => {
  await page.getByLabel('Find').fill('billing');
  await page.getByText('1 VMs on 1 hosts').waitFor();
  expect(await page.getByRole('listitem').allInnerTexts()).toEqual([
    expect.stringContaining('billing-db'),
  ]);
  expect(new URL(page.url()).searchParams.get('find')).toBe('billing');
  await page.reload();
  await page.getByText('1 VMs on 1 hosts').waitFor();
  await page.getByLabel('Find').fill('');
  await page.getByLabel('Class').selectOption('panda');
  await page.getByText(`${hostCount} VMs on ${hostCount} hosts`).waitFor();
  await page.getByLabel('Class').selectOption('');
});

test('who is on the way shows it, and where to', async () => {
  const move = { vm: 'billing-db', from: 'h2', to: 'h3', importance: 'low' } as const;
  await page.evaluate(
    (body) =>
      fetch('/v1/migrations', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    move,
  );
  await page.getByLabel('Show').selectOption('yes');
  await page.getByRole('link', { name: /^\d+ % to h3: copying, writes .*iB\/s/ }).waitFor();
  expect(await page.getByRole('listitem').count()).toBe(1);
  await page.getByLabel('Show').selectOption('');
  await page.getByText(/, 1 leaving$/).waitFor();
  await page.getByText(/, 1 arriving$/).waitFor();
});

test('arrow keys go from tile to tile, and from host to host', async () => {
  await page.keyboard.press('Home');
  await page.getByLabel('Find').fill('');
  const focused = () => page.evaluate("document.activeElement.closest('.tile')?.innerText");
  const column = (host: string) => page.getByRole('region', { name: `Host ${host}`, exact: true });
  const tile = (host: string, index: number) => column(host).getByRole('listitem').nth(index);
  await column('h1').waitFor();
  await tile('h1', 0).getByRole('link').focus();
  await page.keyboard.press('ArrowDown');
  expect(await focused()).toBe(await tile('h1', 1).innerText());
  await page.keyboard.press('ArrowRight');
  expect(await focused()).toBe(await tile('h2', 1).innerText());
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowLeft');
  expect(await focused()).toBe(await tile('h1', 0).innerText());
});

test('the fleet keeps to WCAG AA', async () => {
  await page.getByLabel('Find').fill('h10');
  expect(await brokenInBothThemes(page)).toEqual([]);
  expect(watched.complaints).toEqual([]);
});
