import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { parseRecording } from '../../src/recording/text.ts';
import { brokenInBothThemes, logIn, openBrowser, openPage, type Watched } from './browser.ts';
import { openSite, type Site } from './site.ts';

let browser: Browser;
let site: Site;
let watched: Watched;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
  site = await openSite(['h1', 'h2']);
  site.stage.addGuest('billing-db', 'furious', 'pet', 'h1');
  site.stage.addGuest('wiki', 'idle', 'cattle', 'h1');
  await site.controller.vms({}, true);
  watched = await openPage(browser);
  ({ page } = watched);
  await logIn(page, site.address, (await site.token('operator')).secret);
});
afterAll(async () => {
  await browser.close();
  await site.end();
});

/** As somebody at a terminal asks for it. */
async function move(vm: string, importance: 'low' | 'high'): Promise<string> {
  const { secret } = await site.token('operator');
  const answer = await fetch(`${site.address}/v1/migrations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ vm, from: 'h1', to: 'h2', importance }),
  });
  return z.object({ id: z.string() }).parse(await answer.json()).id;
}

let id: string;

test('one that runs is seen as it runs, and its importance is raised by a click', async () => {
  id = await move('billing-db', 'low');
  await page.getByRole('link', { name: 'Migrations' }).click();
  await page.getByRole('link', { name: 'billing-db' }).click();
  await page.getByRole('heading', { name: 'billing-db: h1 to h2' }).waitFor();
  await page.getByText('Memory still to be sent').waitFor();
  const drawn = page.locator('.chart').first();
  const before = await drawn.screenshot();
  await expect
    .poll(async () => (await drawn.screenshot()).equals(before), { timeout: 15_000 })
    .toBe(false);
  await page.getByRole('button', { name: 'Raise importance to high' }).click();
  await page.getByText('high: it moves, whatever it takes').waitFor();
  await page.getByText(/it runs on h2/).waitFor({ timeout: 40_000 });
  expect(await site.stage.store.migrations.get(id)).toMatchObject({ phase: 'completed' });
});

test('what was decided stands there with its reasons, and with what the guest felt', async () => {
  const decisions = page.locator('.decisions > li');
  expect(await decisions.count()).toBeGreaterThan(1);
  expect(await decisions.first().innerText()).toContain('Expected then:');
  const { end } = (await site.stage.store.migrations.get(id)) ?? {};
  expect(await page.getByText(/It was paused for/).innerText()).toMatch(/paused for \d/);
  expect(end?.blackout?.ms).toBeGreaterThan(0);
  expect(await page.getByText('paused at its switch-over').count()).toBe(1);
});

test('one migration keeps to WCAG AA', async () => {
  expect(await brokenInBothThemes(page)).toEqual([]);
  expect(watched.complaints).toEqual([]);
});

test('what is downloaded of it is a recording that can be replayed', async () => {
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download all that is kept' }).click();
  const path = await (await coming).path();
  expect(parseRecording(await readFile(path, 'utf8'), path).id).toBe(id);
});

test('the list says how long it was foreseen to take, and how far that was off', async () => {
  await page.getByRole('link', { name: 'Migrations' }).click();
  await page.getByRole('link', { name: 'billing-db' }).waitFor();
  expect(await page.getByRole('cell', { name: /\([+-]?\d+ %\)/ }).count()).toBe(1);
});

test('under a policy that spares it, it would have gone another way; what is forbidden is said', async () => {
  await page.getByRole('link', { name: 'Policy' }).click();
  const tried = page.getByRole('region', { name: 'What if' });
  await tried.getByLabel('Class').selectOption('pet');
  await tried.getByLabel('Importance').selectOption('high');
  const run = tried.getByRole('button', { name: 'Go through past migrations' });
  await run.click();
  await tried.getByText('# as it is').waitFor();
  await tried.getByLabel('Split over two hosts').selectOption('never');
  await run.click();
  await tried.getByText('Of 1 migrations 1 would have gone another way').waitFor();
  await tried.getByText(/pointOfNoReturn: "never"/).waitFor();
  await tried.getByLabel('Where that is not enough').selectOption('stay');
  await run.click();
  await tried.getByText(/high importance always finishes/).waitFor();
  expect(await brokenInBothThemes(page)).toEqual([]);
  expect(watched.complaints).toEqual([]);
});

test('a VM is moved by clicks, after what it would be like', async () => {
  await page.getByRole('link', { name: 'Fleet' }).click();
  await page.getByRole('link', { name: /wiki/ }).click();
  await page.getByRole('button', { name: 'Show what it would be like' }).click();
  // Where it fits best, of which there is one.
  await page.getByText(/To h2, as a cattle of importance medium/).waitFor();
  await page.getByLabel(/^To\b/).selectOption('h2');
  expect(await brokenInBothThemes(page)).toEqual([]);
  const wiki = { limit: 1 };
  expect((await site.stage.store.migrations.list({ vm: 'wiki' }, wiki)).items).toEqual([]);
  await page.getByRole('button', { name: 'Move it' }).click();
  await page.getByRole('heading', { name: 'wiki: h1 to h2' }).waitFor();
});

test('the past is filtered, and the filter is in the address', async () => {
  await page.getByRole('link', { name: 'Migrations' }).click();
  await page.getByRole('link', { name: 'billing-db' }).waitFor();
  await page.getByLabel('Class').selectOption('cattle');
  await page.getByRole('link', { name: 'wiki' }).waitFor();
  await page.getByRole('link', { name: 'billing-db' }).waitFor({ state: 'detached' });
  expect(new URL(page.url()).searchParams.get('class')).toBe('cattle');
  expect(await brokenInBothThemes(page)).toEqual([]);
});

test('the server has an answer for whatever the past can be filtered by', async () => {
  await page.goto(`${site.address}/migrations?utm=elsewhere`);
  await page.getByRole('link', { name: 'billing-db' }).waitFor();
  for (const title of ['State', 'Outcome', 'Class', 'Importance', 'Reason']) {
    const choice = page.getByRole('search').getByLabel(title);
    const [all, ...values] = await choice.locator('option').allTextContents();
    expect({ title, all, some: values.length > 1 }).toEqual({ title, all: 'all', some: true });
    for (const value of values) {
      const answered = page.waitForResponse((answer) => answer.url().includes(`=${value}&limit=`));
      await choice.selectOption(value);
      expect({ value, status: (await answered).status() }).toEqual({ value, status: 200 });
    }
    await choice.selectOption('');
  }
});

test('a viewer is not shown what he may not press; an operator cancels by two clicks', async () => {
  site.stage.addGuest('cache', 'furious', 'pet', 'h1');
  const running = await move('cache', 'low');
  const viewer = await openPage(browser);
  await logIn(viewer.page, site.address, (await site.token('viewer')).secret);
  await viewer.page.goto(`${site.address}/migrations/${running}`);
  await viewer.page.getByText('Memory still to be sent').waitFor();
  expect(await viewer.page.getByRole('button').allInnerTexts()).toEqual(['Log out']);
  await page.goto(`${site.address}/migrations/${running}`);
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  expect((await site.stage.store.migrations.get(running))?.cancelRequested).toBe(false);
  await page.getByRole('button', { name: /Really cancel/ }).click();
  await viewer.page.getByText('aborted').waitFor();
  await viewer.page.context().close();
});
