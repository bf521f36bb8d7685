import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { type AppStage, type Asked, local, setAppStage } from './testing/stage-app.ts';

let stage: AppStage;
beforeEach(async () => {
  stage = await setAppStage();
});
afterEach(async () => {
  await stage.end();
});

const move = { vm: 'vm', from: 'h1', to: 'h2' };

interface Told {
  readonly status: number;
  readonly replayed: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(path: string, key: string, body?: unknown, how: Asked = {}): Promise<Told> {
  const asked = { peer: local, ...how, ...(body === undefined ? {} : { body }) };
  const answer = await stage.ask('POST', path, { ...asked, headers: { 'idempotency-key': key } });
  return {
    status: answer.status,
    replayed: answer.headers.get('idempotency-replayed') === 'true',
    body: z.looseObject({}).parse(await answer.json()),
  };
}

async function migrations(): Promise<number> {
  const { items } = await stage.stage.store.migrations.list({}, { limit: 10 });
  return items.length;
}

describe('a request that is made again with its key', () => {
  test('is answered as it was, and nothing is done again', async () => {
    const first = await post('/v1/migrations', 'k', move);
    const again = await post('/v1/migrations', 'k', move);
    expect(first).toMatchObject({ status: 201, replayed: false });
    expect(again).toEqual({ ...first, replayed: true });
    expect(await migrations()).toBe(1);
  });

  test('at the same time, too', async () => {
    const all = await Promise.all(
      Array.from({ length: 5 }, () => post('/v1/migrations', 'k', move)),
    );
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(all.map(({ body }) => body['id'])).size).toBe(1);
    expect(await migrations()).toBe(1);
  });

  test('is the same migration also where the first answer was never kept', async () => {
    const { requests } = stage.stage.store;
    const answer = requests.answer.bind(requests);
    requests.answer = () => Promise.reject(new DroverError('store.unavailable', 'gone'));
    const first = await post('/v1/migrations', 'k', move);
    requests.answer = answer;
    const again = await post('/v1/migrations', 'k', move);
    expect([first.status, again.status]).toEqual([503, 201]);
    const [kept] = (await stage.stage.store.migrations.list({}, { limit: 10 })).items;
    expect(again.body).toMatchObject({ id: kept?.id });
    expect(await migrations()).toBe(1);
  });

  test('is the same migration, whose VM nobody else can move at once', async () => {
    await post('/v1/migrations', 'k', move);
    expect(await post('/v1/migrations', 'another', move)).toMatchObject({
      status: 409,
      body: { code: 'domain.busy' },
    });
    expect(await migrations()).toBe(1);
  });

  test('is refused again where it was refused', async () => {
    const wrong = { ...move, from: 'h9' };
    const first = await post('/v1/migrations', 'k', wrong);
    expect(first).toMatchObject({ status: 404, body: { code: 'host.not-found' } });
    expect(await post('/v1/migrations', 'k', wrong)).toEqual({ ...first, replayed: true });
  });

  test('is tried again where we were at fault', async () => {
    await stage.ask('PUT', '/v1/hosts/gone', { peer: local, body: { uri: 'simulated:///gone' } });
    const once = await post('/v1/vms/vm/abort?host=gone', 'k');
    expect(once).toMatchObject({ status: 502, body: { code: 'host.unreachable' } });
    expect(await post('/v1/vms/vm/abort?host=gone', 'k')).toEqual(once);
  });
});

describe('the same key', () => {
  test.for([
    ['another body', '/v1/migrations', { ...move, to: 'h3' }],
    ['another route', '/v1/forecasts', move],
    ['another query', '/v1/migrations?dry=1', move],
  ] as const)('with %s is another request, and refused', async ([, path, body]) => {
    await post('/v1/migrations', 'k', move);
    expect(await post(path, 'k', body)).toMatchObject({
      status: 422,
      body: { code: 'request.reused-key', hint: expect.any(String) },
    });
    expect(await migrations()).toBe(1);
  });

  test('of somebody else is another key', async () => {
    const { secret } = z
      .object({ secret: z.string() })
      .parse((await post('/v1/tokens', 't', { name: 'bob', role: 'operator' })).body);
    const first = await post('/v1/migrations', 'k', move);
    const bobs = await post('/v1/migrations', 'k', { ...move, vm: 'another' }, bob(secret));
    expect(bobs).toMatchObject({ status: 201, replayed: false });
    expect(bobs.body['id']).not.toBe(first.body['id']);
  });

  test.for([
    ['no sign', ''],
    ['very many', 'k'.repeat(201)],
  ] as const)('with %s is none', async ([, key]) => {
    expect(await post('/v1/migrations', key, move)).toMatchObject({ status: 400 });
  });
});

/** Asks over the network. */
function bob(token: string): Asked {
  return { token, peer: { kind: 'network', address: '192.0.2.7', certificate: undefined } };
}
