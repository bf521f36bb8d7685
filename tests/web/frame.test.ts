import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { onceLink } from '../../src/server/web-once.ts';
import { broken, logIn, openBrowser, openPage, type Watched } from './browser.ts';
import { openSite, type Site } from './site.ts';

let browser: Browser;
let site: Site;
let watched: Watched;
beforeAll(async () => {
  browser = await openBrowser();
  site = await openSite(['h1', 'h2']);
});
afterAll(async () => {
  await browser.close();
  await site.end();
});
beforeEach(async () => {
  watched = await openPage(browser);
});
afterEach(async () => {
  await watched.page.context().close();
});

const heading = 'Fleet';

const newcomer = {
  name: 'h3',
  uri: 'qemu+tls://h3/system',
  peerUri: undefined,
  postCopy: 'allowed',
  bandwidthBytesPerSecond: undefined,
  maxOutgoing: undefined,
  maxIncoming: undefined,
  link: undefined,
} as const;

async function cookies(): Promise<readonly string[]> {
  return (await watched.page.context().cookies()).map(({ name }) => name);
}

describe('logging in', () => {
  test('with a token: no script can read what is kept of it, and it survives the page', async () => {
    const { page, complaints } = watched;
    const { secret } = await site.token('viewer');
    await logIn(page, site.address, secret);
    await page.reload();
    await page.getByRole('heading', { name: heading }).waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/', expires: -1 });
    const seen = '[document.cookie, location.href, JSON.stringify(localStorage)].join()';
    expect(await page.evaluate(seen)).not.toContain(secret);
    expect(complaints).toEqual([]);
  });

  test('with a token that opens nothing: says so, and what to do', async () => {
    const { page } = watched;
    await page.goto(site.address);
    await page.getByLabel('Token').fill('drv_wrong');
    await page.keyboard.press('Enter');
    await page.getByText('The token is not valid').waitFor();
    expect(await cookies()).toEqual([]);
  });

  test('with the link, once: the second to use it stays outside', async () => {
    const { page } = watched;
    const link = onceLink(site.address, site.once.make());
    await page.goto(link);
    await page.getByRole('heading', { name: heading }).waitFor();
    expect(page.url()).toBe(`${site.address}/`);
    const second = await openPage(browser);
    await second.page.goto(link);
    await second.page.getByText('The link has been used, or is too old').waitFor();
    await second.page.context().close();
  });

  test('and out: what the link had made is worth nothing any more', async () => {
    const { page } = watched;
    await page.goto(onceLink(site.address, site.once.make()));
    const [kept] = await page.context().cookies();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await cookies()).toEqual([]);
    const headers = { cookie: `drover=${kept?.value}` };
    expect((await fetch(`${site.address}/v1/whoami`, { headers })).status).toBe(401);
  });

  test('a token that is revoked ends the session of an open page', async () => {
    const { page } = watched;
    const { secret, id } = await site.token('viewer');
    await logIn(page, site.address, secret);
    await page.getByRole('heading', { name: heading }).waitFor();
    await site.stage.store.tokens.revoke(id, Date.now());
    await page.getByLabel('Token').waitFor();
    expect(await page.getByRole('heading', { name: heading }).count()).toBe(0);
  });
});

describe('a cookie alone', () => {
  const wish = { vm: 'vm', from: 'h1', to: 'h2' };
  test.each([
    ['no origin', {}],
    ['the page of another site', { origin: 'https://elsewhere.example' }],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin', { origin: 'null' }],
  ])('changes nothing for %s', async (_who, headers) => {
    const { secret } = await site.token('admin');
    const all = { cookie: `drover=${secret}`, 'content-type': 'application/json', ...headers };
    const asked = { method: 'POST', headers: all, body: JSON.stringify(wish) };
    const answer = await fetch(`${site.address}/v1/migrations`, asked);
    expect(answer.status).toBe(403);
    const login = { ...asked, body: JSON.stringify({ token: secret }) };
    expect((await fetch(`${site.address}/session`, login)).status).toBe(403);
  });

  test('does, for a page of ours', async () => {
    const { secret } = await site.token('admin');
    const headers = {
      cookie: `drover=${secret}`,
      'content-type': 'application/json',
      origin: site.address,
    };
    const asked = { method: 'POST', headers, body: JSON.stringify(wish) };
    expect((await fetch(`${site.address}/v1/migrations`, asked)).status).toBe(201);
  });
});

test('what is sent is small, kept for good where it never changes, and loads nothing else', async () => {
  const page = await fetch(site.address);
  const html = await page.text();
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=/);
  const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(2);
  const script = await fetch(site.address + (paths.find((path) => path.endsWith('.js')) ?? ''));
  const later = [...(await script.text()).matchAll(/\.\/([\w-]+\.js)/g)];
  expect(later.length).toBeGreaterThan(0);
  const sizes = await Promise.all(
    [...paths, ...later.map(([, name]) => `/assets/${name}`)].map(async (path) => {
      expect(path).toMatch(/^\/assets\//);
      const file = await fetch(site.address + path);
      expect(file.headers.get('cache-control')).toContain('immutable');
      expect(file.headers.get('content-encoding')).toBe('gzip');
      return Number(file.headers.get('content-length'));
    }),
  );
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
});

test('a lost connection is said, what was shown stays, and what was missed is caught up', async () => {
  const { page } = watched;
  await logIn(page, site.address, (await site.token('viewer')).secret);
  await page.getByRole('region', { name: 'Host h1' }).waitFor();
  await site.goDown();
  await page.getByText('The connection to the server is lost').waitFor();
  expect(await page.getByRole('region', { name: 'Host h1' }).isVisible()).toBe(true);
  await site.controller.putHost(newcomer, { who: 'somebody', from: 'local' });
  await site.comeBack();
  await page.getByRole('region', { name: 'Host h3' }).waitFor();
  await page.getByText('The connection to the server is lost').waitFor({ state: 'detached' });
});

test('everything can be reached by the keyboard, from the first key on', async () => {
  const { page } = watched;
  await logIn(page, site.address, (await site.token('viewer')).secret);
  await page.reload();
  await page.getByRole('heading', { name: heading }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('content');
});

test('without hosts it says what to do, and an admin can do it there', async () => {
  const empty = await openSite([]);
  try {
    const { page } = watched;
    await logIn(page, empty.address, (await empty.token('admin')).secret);
    await page.getByRole('heading', { name: 'No hosts yet' }).waitFor();
    expect(await broken(page)).toEqual([]);
    await page.getByLabel('Name').fill('h1');
    await page.getByLabel('URI').fill('qemu+tls://h1/system');
    await page.getByRole('button', { name: 'Add host' }).click();
    await page.getByRole('region', { name: 'Host h1' }).waitFor();
  } finally {
    await empty.end();
  }
});

test.each(['light', 'dark'] as const)(
  'the login page keeps to WCAG AA when it is %s',
  async (theme) => {
    const { page } = await openPage(browser, theme);
    await page.goto(site.address);
    await page.getByLabel('Token').waitFor();
    expect(await broken(page)).toEqual([]);
    await page.context().close();
  },
);
