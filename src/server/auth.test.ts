import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { authenticate } from './auth.ts';
import type { Peer } from './env.ts';
import { type AppStage, type Asked, local, setAppStage } from './testing/stage-app.ts';

let stage: AppStage;
beforeEach(async () => {
  stage = await setAppStage();
});
afterEach(async () => {
  await stage.end();
});

const made = z.object({ id: z.string(), secret: z.string().startsWith('drv_').min(40) });

async function newToken(body: object): Promise<z.output<typeof made>> {
  const answer = await stage.ask('POST', '/v1/tokens', { peer: local, body });
  expect(answer.status).toBe(201);
  return made.parse(await answer.json());
}

async function whoami(asked: Asked): Promise<unknown> {
  const answer = await stage.ask('GET', '/v1/whoami', asked);
  return { status: answer.status, ...z.looseObject({}).parse(await answer.json()) };
}

const unknown = { status: 401, code: 'auth.required' };

describe('who asks', () => {
  test('is known by a token', async () => {
    const { secret } = await newToken({ name: 'alice', role: 'operator' });
    const alice = { status: 200, who: 'alice', role: 'operator', by: 'token' };
    expect(await whoami({ token: secret })).toMatchObject(alice);
    expect(await whoami({ headers: { authorization: `bearer ${secret}` } })).toMatchObject(alice);
  });

  test('is known by a token until it expires', async () => {
    const later = await newToken({ name: 'a', role: 'viewer', expiresAt: '2999-01-01T00:00:00Z' });
    const over = await newToken({ name: 'b', role: 'viewer', expiresAt: '2001-01-01T00:00:00Z' });
    expect(await whoami({ token: later.secret })).toMatchObject({ status: 200 });
    expect(await whoami({ token: over.secret })).toMatchObject(unknown);
  });

  test('is no longer known as soon as the token is revoked', async () => {
    const { id, secret } = await newToken({ name: 'alice', role: 'admin' });
    expect(await whoami({ token: secret })).toMatchObject({ status: 200 });
    const revoked = await stage.ask('DELETE', `/v1/tokens/${id}`, { token: secret });
    expect(await revoked.json()).toMatchObject({ id, revokedAt: expect.any(String) });
    expect(await whoami({ token: secret })).toMatchObject(unknown);
  });

  test.for([
    ['nothing', {}],
    ['a token that nobody made', { token: 'drv_0000000000000000000000000000000000000000000' }],
    ['the beginning of one', { token: 'drv_' }],
    ['a token of an issuer where there is none', { token: 'e30.e30.e30' }],
    ['another scheme', { headers: { authorization: 'Basic YWxpY2U6YQ==' } }],
    ['what is no header at all', { headers: { authorization: 'Bearer' } }],
    ['two tokens', { headers: { authorization: 'Bearer a b' } }],
    ['a certificate that has no role', { peer: shown('mallory') }],
    ['a certificate that is called as a part of every object', { peer: shown('constructor') }],
  ] as const)('is not known by %s', async ([, asked]) => {
    expect(await whoami(asked)).toMatchObject(unknown);
    const answer = await stage.ask('GET', '/v1/whoami', asked);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('is known by a certificate, unless he says that he is somebody else', async () => {
    const peer = shown('backup');
    const backup = { status: 200, who: 'backup', role: 'viewer', by: 'certificate' };
    expect(await whoami({ peer })).toMatchObject(backup);
    expect(await whoami({ peer, token: 'drv_none' })).toMatchObject(unknown);
  });

  test('may do everything over the socket', async () => {
    expect(await whoami({ peer: local })).toMatchObject({ role: 'admin', by: 'socket' });
  });
});

function shown(certificate: string): Peer {
  return { kind: 'network', address: '192.0.2.9', certificate };
}

describe('a secret', () => {
  test('is told once, and kept nowhere', async () => {
    const headers = { 'idempotency-key': 'k' };
    const asked = { peer: local, body: { name: 'alice', role: 'viewer' }, headers };
    const first = await stage.ask('POST', '/v1/tokens', asked);
    const { secret } = made.parse(await first.json());
    const again = await stage.ask('POST', '/v1/tokens', asked);
    expect(again.status).toBe(409);
    const { store } = stage.stage;
    const known = {
      answer: await again.text(),
      listed: await (await stage.ask('GET', '/v1/tokens', { peer: local })).text(),
      tokens: await store.tokens.list(),
      audit: await store.audit.list({}, { limit: 10 }),
      events: await store.events.after(0, 10),
    };
    expect(known.tokens).toHaveLength(1);
    expect(JSON.stringify(known)).not.toContain(secret);
  });

  test('does not reach the log, whatever is done with it', async () => {
    const { secret } = await newToken({ name: 'alice', role: 'viewer' });
    stage.controller.find = async () => {
      throw new Error('a fault');
    };
    const asked: readonly [string, string, Asked][] = [
      ['GET', '/v1/migrations/m', { token: secret }],
      ['GET', '/v1/migrations', { token: `${secret}x` }],
      ['POST', '/v1/migrations', { token: secret, body: '{' }],
      ['GET', '/v1/audit', { token: secret }],
    ];
    for (const [method, path, how] of asked) await stage.ask(method, path, how);
    expect(stage.log).toEqual(['GET /v1/migrations/m failed Error: a fault']);
  });
});

describe('when a token was used', () => {
  test('is kept', async () => {
    const { secret } = await newToken({ name: 'alice', role: 'viewer' });
    const before = Date.now();
    await whoami({ token: secret });
    const [token] = await stage.stage.store.tokens.list();
    expect(token?.lastUsedAt).toBeGreaterThanOrEqual(before);
  });

  test('and cannot be kept, nobody is locked out', async () => {
    const { secret } = await newToken({ name: 'alice', role: 'viewer' });
    const { tokens } = stage.stage.store;
    const full = {
      tokens: {
        byHash: (hash: string) => tokens.byHash(hash),
        used: () => Promise.reject(new DroverError('store.unavailable', 'The disk is full')),
      },
    };
    const log: string[] = [];
    const options = {
      store: full,
      oidc: undefined,
      certificates: {},
      wallMs: () => Date.now(),
      log: (message: string) => void log.push(message),
    };
    const principal = await authenticate(
      options,
      { kind: 'network', address: '192.0.2.7', certificate: undefined },
      `Bearer ${secret}`,
    );
    expect(principal).toMatchObject({ who: 'alice', from: '192.0.2.7' });
    expect(log).toEqual(['that alice was here could not be kept']);
  });
});
