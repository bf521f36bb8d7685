import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { oidcLogin } from '../../src/server/oidc-login.ts';
import { openProvider, type Provider } from '../server/provider.ts';
import { brokenInBothThemes, openBrowser, openPage } from './browser.ts';
import { openSite, type Site } from './site.ts';

let browser: Browser;
let provider: Provider;
let site: Site;
beforeAll(async () => {
  provider = await openProvider();
  site = await openSite(['h1', 'h2'], {}, (publicUrl) =>
    oidcLogin({
      issuer: provider.url,
      clientId: 'drover',
      scope: 'openid',
      publicUrl,
      roleClaim: 'groups',
      roles: { 'vm-watchers': 'viewer' },
    }),
  );
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await site.end();
  await provider.end();
});

test('who has no role at the identity provider is told so, and who has one comes in by one click', async () => {
  const { page, complaints } = await openPage(browser);
  const enter = page.getByRole('link', { name: /^Log in at 127\.0\.0\.1/ });
  await page.goto(site.address);
  await enter.click();
  await page.getByText('you have no role here').waitFor();
  expect(await brokenInBothThemes(page)).toEqual([]);
  expect(new URL(page.url()).hash).toBe('');
  provider.mood.claims = { groups: ['vm-watchers'] };
  await enter.click();
  await page.getByRole('navigation', { name: 'Views' }).waitFor();
  await page.getByText('login of alice').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await enter.waitFor();
  expect(complaints).toEqual([]);
});
