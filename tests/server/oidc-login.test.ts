import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loginTicket, oidcLogin } from '../../src/server/oidc-login.ts';
import { type AppStage, setAppStage } from '../../src/server/testing/stage-app.ts';
import { openProvider, type Provider } from './provider.ts';

const publicUrl = 'https://drover.example:7420';

let provider: Provider;
let stage: AppStage;
beforeAll(async () => {
  provider = await openProvider();
  stage = await stageWith(provider.url);
});
beforeEach(() => {
  Object.assign(provider.mood, { claims: operator, refuses: false, signsWith: undefined });
});
afterAll(async () => {
  await stage.end();
  await provider.end();
});

const operator = { groups: ['vm-operators'] };

function stageWith(issuer: string): Promise<AppStage> {
  const login = oidcLogin({
    issuer,
    clientId: 'drover',
    scope: 'openid profile',
    publicUrl,
    roleClaim: 'groups',
    roles: { 'vm-operators': 'operator' },
  });
  return setAppStage({ login });
}

/** What the server has a browser keep, as the browser says it again. */
function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .join('; ');
}

/** A browser that goes to the provider and has come back: where to, and with which cookie. */
async function cameBack(on = stage): Promise<{ readonly path: string; readonly cookie: string }> {
  const sent = await on.ask('GET', '/login/oidc');
  expect(sent.status).toBe(302);
  const there = await fetch(sent.headers.get('location') ?? '', { redirect: 'manual' });
  const back = new URL(there.headers.get('location') ?? '');
  expect(back.origin).toBe(publicUrl);
  return { path: `${back.pathname}${back.search}`, cookie: cookiesOf(sent) };
}

describe('somebody who logs in at the identity provider', () => {
  test('is known here, for a shift and with the role of his claim, until he logs out', async () => {
    expect(await (await stage.ask('GET', '/login')).json()).toEqual({ oidc: provider.url });
    const { path, cookie } = await cameBack();
    const entered = await stage.ask('GET', path, { headers: { cookie } });
    expect([entered.status, entered.headers.get('location')]).toEqual([302, '/']);
    const kept = entered.headers.getSetCookie().find((one) => one.startsWith('__Host-drover='));
    expect(kept).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    const session = { cookie: kept?.split(';')[0] ?? '' };
    const who = async (): Promise<unknown> =>
      (await stage.ask('GET', '/v1/whoami', { headers: session })).json();
    expect(await who()).toEqual({ who: 'login of alice', role: 'operator', by: 'token' });
    const own = { ...session, origin: 'http://drover', host: 'drover' };
    expect((await stage.ask('DELETE', '/session', { headers: own })).status).toBe(204);
    expect(await who()).toMatchObject({ status: 401 });
  });

  const refused: readonly (readonly [
    how: string,
    code: string,
    change: (came: { path: string; cookie: string }) => { path: string; cookie: string },
    mood: Partial<Provider['mood']>,
  ])[] = [
    ['without a role has none here', 'auth.forbidden', same, { claims: { groups: ['staff'] } }],
    ['whom it refuses is refused', 'auth.required', same, { refuses: true }],
    ['in another browser is nobody', 'auth.required', ({ path }) => ({ path, cookie: '' }), {}],
    [
      'by what somebody else began is nobody',
      'auth.required',
      ({ path, cookie }) => ({ path: path.replace(/state=[^&]*/, 'state=other'), cookie }),
      {},
    ],
    [
      'with a code of somebody else is nobody',
      'auth.required',
      ({ path, cookie }) => ({ path, cookie: withTicket(cookie, { verifier: 'v'.repeat(43) }) }),
      {},
    ],
    [
      'by an answer to another question is nobody',
      'auth.required',
      ({ path, cookie }) => ({ path, cookie: withTicket(cookie, { nonce: 'other' }) }),
      {},
    ],
    ['that names nobody is nobody', 'auth.required', same, { claims: { sub: undefined } }],
  ];
  test.each(refused)('%s', async (_, code, change, mood) => {
    Object.assign(provider.mood, mood);
    const { path, cookie } = change(await cameBack());
    const answer = await stage.ask('GET', path, { headers: { cookie } });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `/#login=${code}`]);
    expect(answer.headers.getSetCookie().join()).not.toContain('__Host-drover=');
  });

  test('by what somebody else has signed is nobody', async () => {
    provider.mood.signsWith = await generateKeyPair('RS256');
    const { path, cookie } = await cameBack();
    const answer = await stage.ask('GET', path, { headers: { cookie } });
    expect(answer.headers.get('location')).toBe('/#login=auth.required');
  });

  test('while it does not answer is told so, and can try again', async () => {
    const gone = await openProvider();
    await gone.end();
    const other = await stageWith(gone.url);
    try {
      const answer = await other.ask('GET', '/login/oidc');
      expect(answer.headers.get('location')).toBe('/#login=server.unreachable');
    } finally {
      await other.end();
    }
  });
});

test('where there is no provider, there is no such login', async () => {
  const other = await setAppStage();
  try {
    expect(await (await other.ask('GET', '/login')).json()).toEqual({ oidc: null });
    expect((await other.ask('GET', '/login/oidc')).status).toBe(404);
  } finally {
    await other.end();
  }
});

function same<T>(came: T): T {
  return came;
}

function withTicket(cookie: string, changed: Readonly<Record<string, string>>): string {
  const [name, value = ''] = cookie.split('=');
  const ticket = loginTicket.parse(JSON.parse(Buffer.from(value, 'base64url').toString()));
  const other = JSON.stringify({ ...ticket, ...changed });
  return `${name}=${Buffer.from(other).toString('base64url')}`;
}
