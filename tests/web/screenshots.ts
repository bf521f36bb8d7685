/**
 * Takes the pictures of docs/dashboard.md from a real drain on the lab, in both themes.
 * Usage: node tests/web/screenshots.ts
 */
import { mkdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { actors } from '../../src/demo/scene.ts';
import { openBrowser, openPage } from './browser.ts';
import { openLabSite } from './lab-site.ts';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const longestMs = 100_000;
const usualHeight = 600;

/** As much of the page as there is, or only this part of it. */
async function shoot(page: Page, name: string, part?: Locator): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    const path = `${folder}${name}-${theme}.png`;
    const how = { path, animations: 'disabled' } as const;
    await (part === undefined ? page.screenshot(how) : part.screenshot(how));
    console.log(`${path}: ${Math.round((await stat(path)).size / 1024)} KiB`);
  }
}

async function see(page: Page, height: number): Promise<void> {
  await page.setViewportSize({ width: 1_200, height });
}

async function view(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name, exact: true }).waitFor();
}

/** Of a host that is emptied: what is to come, what is under way, and what became of it. */
async function tour(page: Page): Promise<void> {
  await view(page, 'Drains');
  await page.getByLabel('Empty the host').selectOption('h1');
  await page.getByLabel(/^Reason/).selectOption('evacuation');
  await page.getByRole('button', { name: 'Show what it would do' }).click();
  const begin = page.getByRole('button', { name: 'Begin: empty h1' });
  await begin.waitFor();
  await shoot(page, 'rehearsal');
  await begin.click();
  await page.getByText(/^[2-4] of 6 moved/).waitFor();
  const drain = page.url();
  await see(page, 760);
  await shoot(page, 'drain');
  await see(page, usualHeight);
  await view(page, 'Fleet');
  await page
    .getByRole('link', { name: /^\d+ % to h/ })
    .first()
    .waitFor();
  await shoot(page, 'fleet');
  await page.goto(drain);
  await page.getByRole('heading', { name: 'drain of h1: completed' }).waitFor();
  await view(page, 'Migrations');
  await page.getByRole('link', { name: 'billing-db' }).waitFor();
  await shoot(page, 'migrations');
  await page.getByRole('link', { name: 'billing-db' }).click();
  await page.getByText(/It was paused for/).waitFor();
  await see(page, 760);
  await shoot(page, 'migration');
  await see(page, usualHeight);
  await view(page, 'Hosts');
  await shoot(page, 'hosts');
  await page.getByRole('button', { name: 'Examine all hosts' }).click();
  await page.getByRole('region', { name: 'What was found' }).waitFor();
  await page.getByRole('heading', { name: /^Versions/ }).evaluate((one) => one.scrollIntoView());
  await shoot(page, 'examination');
  await view(page, 'Policy');
  await page.getByRole('row', { name: /panda/ }).waitFor();
  await shoot(page, 'policy');
  const tried = page.getByRole('region', { name: 'What if' });
  await tried.getByLabel('Class').selectOption('panda');
  await tried.getByLabel('Importance').selectOption('high');
  await tried.getByLabel('Split over two hosts').selectOption('never');
  await tried.getByRole('button', { name: 'Go through past migrations' }).click();
  await tried.getByText(/^Of \d+ migrations/).waitFor();
  await shoot(page, 'what-if', tried);
  await view(page, 'Audit');
  await page.getByRole('table').waitFor();
  await shoot(page, 'audit');
}

await mkdir(folder, { recursive: true });
const site = await openLabSite(actors.map(({ spec }) => spec));
const browser = await openBrowser();
try {
  const { page } = await openPage(browser);
  page.setDefaultTimeout(longestMs);
  await see(page, usualHeight);
  await page.goto(site.service.link());
  await page.getByRole('heading', { name: 'Fleet' }).waitFor();
  await tour(page);
} finally {
  await browser.close();
  await site.end();
}
