import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { problem } from '../api/common.ts';
import type { ControllerStatus } from '../controller/controller.ts';
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
const json = z.looseObject({});

async function told(answer: Response): Promise<Readonly<Record<string, unknown>>> {
  return json.parse(await answer.json());
}

function asRoot(method: string, path: string, asked: Asked = {}): Promise<Response> {
  return stage.ask(method, path, { peer: local, ...asked });
}

async function moved(body: object = move): Promise<string> {
  const { id } = await told(await asRoot('POST', '/v1/migrations', { body }));
  return z.string().parse(id);
}

/** Who may do what: whoever changes a line here changes what people may do. */
const routes = {
  viewer: [
    'get /v1/events',
    'get /v1/hosts',
    'get /v1/hosts/{name}',
    'get /v1/migrations',
    'get /v1/migrations/{id}',
    'get /v1/migrations/{id}/explanation',
    'get /v1/migrations/{id}/recording',
    'get /v1/migrations/{id}/telemetry',
    'get /v1/operations',
    'get /v1/operations/{id}',
    'get /v1/policy',
    'get /v1/status',
    'get /v1/vms',
    'get /v1/vms/{name}',
    'get /v1/vms/{name}/tags',
    'get /v1/vms/{name}/writes',
    'get /v1/whoami',
    'post /v1/forecasts',
    'post /v1/rehearsals',
  ],
  operator: [
    'patch /v1/migrations/{id}',
    'patch /v1/operations/{id}',
    'patch /v1/vms/{name}/tags',
    'post /v1/adoptions',
    'post /v1/examinations',
    'post /v1/hosts/{name}/undrain',
    'post /v1/migrations',
    'post /v1/migrations/{id}/abort',
    'post /v1/operations',
    'post /v1/operations/{id}/cancel',
    'post /v1/vms/{name}/abort',
  ],
  admin: [
    'delete /v1/hosts/{name}',
    'delete /v1/tokens/{id}',
    'get /v1/audit',
    'get /v1/tokens',
    'post /v1/tokens',
    'put /v1/hosts/{name}',
  ],
};

test('each role may do what is its own', async () => {
  const document = z
    .object({
      paths: z.record(z.string(), z.record(z.string(), z.object({ 'x-role': z.string() }))),
    })
    .parse(await (await stage.ask('GET', '/openapi.json')).json());
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-role': role }]) => ({
      role,
      route: `${method} ${path}`,
    })),
  );
  const byRole = Object.keys(routes).map((wanted) => [
    wanted,
    found
      .flatMap(({ role, route }) => (role === wanted ? [route] : []))
      .toSorted((one, other) => one.localeCompare(other)),
  ]);
  expect(Object.fromEntries(byRole)).toEqual(routes);
});

describe('a request that cannot be done is answered with why', () => {
  const cases: readonly (readonly [string, string, string, Asked, object])[] = [
    [
      'of a route that is not there',
      'GET',
      '/v1/nothing',
      {},
      { status: 404, code: 'request.unknown', hint: expect.any(String) },
    ],
    [
      'of a route by what it does not do',
      'DELETE',
      '/v1/hosts',
      {},
      { status: 404, code: 'request.unknown', detail: 'There is no DELETE /v1/hosts' },
    ],
    [
      'without what it needs',
      'POST',
      '/v1/migrations',
      { body: { to: 'h2' } },
      { status: 400, code: 'usage.invalid', errors: [{ field: 'vm' }] },
    ],
    [
      'with more than there is',
      'POST',
      '/v1/migrations',
      { body: { ...move, downtimeMs: 5 } },
      { status: 400, code: 'usage.invalid', errors: [{ field: 'downtimeMs' }] },
    ],
    [
      'that is no object',
      'POST',
      '/v1/migrations',
      { body: [] },
      { status: 400, code: 'usage.invalid', errors: [{ field: 'body' }] },
    ],
    [
      'that is no JSON',
      'POST',
      '/v1/migrations',
      { body: '{' },
      { status: 400, code: 'usage.invalid', hint: expect.stringContaining('JSON') },
    ],
    [
      'with a wrong query',
      'GET',
      '/v1/migrations?limit=0',
      {},
      { status: 400, errors: [{ field: 'limit' }] },
    ],
    ...['/v1/migrations', '/v1/vms', '/v1/vms/vm', '/v1/operations', '/v1/audit', '/v1/events'].map(
      (path) =>
        [
          `with a filter that ${path} does not have`,
          'GET',
          `${path}?colour=red`,
          {},
          { status: 400, errors: [{ field: 'colour' }] },
        ] as const,
    ),
    [
      'of a phase that there is not',
      'GET',
      '/v1/migrations?phase=flying',
      {},
      { status: 400, errors: [{ field: 'phase', message: expect.stringContaining('post-copy') }] },
    ],
    [
      'after no page',
      'GET',
      '/v1/migrations?after=here',
      {},
      { status: 400, code: 'usage.invalid' },
    ],
    [
      'of events after no number',
      'GET',
      '/v1/events?after=x',
      {},
      { status: 400, errors: [{ field: 'after' }] },
    ],
    [
      'of a host that nobody knows',
      'GET',
      '/v1/hosts/h9',
      {},
      { status: 404, code: 'host.not-found' },
    ],
    [
      'of a migration that is not kept',
      'GET',
      '/v1/migrations/m9',
      {},
      { status: 404, code: 'migration.not-found', hint: expect.any(String) },
    ],
    ['to change nothing', 'PATCH', '/v1/migrations/m9', { body: {} }, { status: 400 }],
    [
      'to set a host of the config file',
      'PUT',
      '/v1/hosts/h1',
      { body: { uri: 'a://b' } },
      { status: 409, code: 'host.provisioned' },
    ],
    [
      'to set a host that has another name for its place',
      'PUT',
      '/v1/hosts/a',
      { body: { uri: 'no' } },
      { status: 400, errors: [{ field: 'uri' }] },
    ],
    [
      'of a token that nobody made',
      'DELETE',
      '/v1/tokens/t',
      {},
      { status: 404, code: 'token.not-found' },
    ],
    [
      'of an operation that nobody began',
      'GET',
      '/v1/operations/o',
      {},
      { status: 404, code: 'operation.not-found' },
    ],
    [
      'of a VM that nobody has seen',
      'GET',
      '/v1/vms/v9',
      {},
      { status: 404, code: 'domain.not-found', hint: expect.stringContaining('look=true') },
    ],
    [
      'that is too large',
      'POST',
      '/v1/migrations',
      { body: { vm: 'x'.repeat(70_000) } },
      { status: 413, code: 'request.too-large' },
    ],
  ];

  test.for(cases)('%s', async ([, method, path, asked, expected]) => {
    const answer = await asRoot(method, path, asked);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const body = problem.parse(await answer.json());
    expect(body).toMatchObject(expected);
    expect(body).toMatchObject({ status: answer.status, type: `urn:drover:error:${body.code}` });
  });

  test('that is too large, and does not say how large', async () => {
    const piece = new TextEncoder().encode('x'.repeat(10_000));
    const body = ReadableStream.from(Array.from({ length: 10 }, () => piece));
    const request = new Request('http://drover/v1/migrations', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    });
    const answer = await stage.app.fetch(request, { peer: local });
    expect(await told(answer)).toMatchObject({ status: 413, code: 'request.too-large' });
  });

  test('of a VM that no host has', async () => {
    stage.controller.vms = async () => ({ vms: [], silent: [] });
    expect(await told(await asRoot('GET', '/v1/vms/v9?look=true'))).toMatchObject({
      status: 404,
      code: 'domain.not-found',
      hint: 'All hosts were asked.',
    });
  });

  test('and a fault of ours tells no more than that', async () => {
    stage.controller.hosts = async () => {
      throw new TypeError('what nobody outside should read');
    };
    const answer = await asRoot('GET', '/v1/hosts');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('nobody outside');
    expect(stage.log.join()).toContain('nobody outside');
  });
});

describe('what somebody has read', () => {
  test('of a migration cannot be changed where it has changed since', async () => {
    const id = await moved();
    const path = `/v1/migrations/${id}`;
    const read = (await asRoot('GET', path)).headers.get('etag') ?? '';
    const change = (importance: string, match: string): Promise<Response> =>
      asRoot('PATCH', path, { body: { importance }, headers: { 'if-match': match } });
    const first = await change('high', read);
    expect(await told(first)).toMatchObject({ importance: 'high' });
    const stale = await change('low', read);
    expect(await told(stale)).toMatchObject({ status: 412, code: 'request.stale' });
    expect(await told(await change('low', first.headers.get('etag') ?? ''))).toMatchObject({
      importance: 'low',
    });
    const abort = await asRoot('POST', `${path}/abort`, { headers: { 'if-match': read } });
    expect(abort.status).toBe(412);
  });

  test('of a host neither; "0" stands for one that is not there', async () => {
    const put = async (match: string, link: string): Promise<Response> =>
      asRoot('PUT', '/v1/hosts/a', {
        body: { uri: 'simulated:///a', link },
        headers: { 'if-match': match },
      });
    const first = await put('"0"', 'rack');
    expect(await told(first)).toMatchObject({ name: 'a', link: 'rack', origin: 'store' });
    expect(await told(await put('"0"', 'rack'))).toMatchObject({ code: 'host.exists' });
    const tag = first.headers.get('etag') ?? '';
    expect((await put(tag, 'other')).status).toBe(200);
    expect(await told(await put(tag, 'third'))).toMatchObject({ code: 'request.stale' });
    const gone = { headers: { 'if-match': tag } };
    expect((await asRoot('DELETE', '/v1/hosts/a', gone)).status).toBe(412);
    expect((await asRoot('DELETE', '/v1/hosts/a')).status).toBe(200);
  });
});

describe('a list', () => {
  test('comes in pages, newest first, without loss', async () => {
    const made: string[] = [];
    for (const vm of ['a', 'b', 'c', 'd', 'e']) made.unshift(await moved({ ...move, vm }));
    const seen: unknown[] = [];
    let after = '';
    for (let page = 0; page < 3; page += 1) {
      const body = await told(await asRoot('GET', `/v1/migrations?limit=2${after}`));
      const { items, next } = z
        .object({ items: z.array(json), next: z.string().nullable() })
        .parse(body);
      seen.push(...items.map(({ id }) => id));
      after = next === null ? '' : `&after=${encodeURIComponent(next)}`;
    }
    expect([seen, after]).toEqual([made, '']);
  });

  test.for([
    ['state=live', 2],
    ['state=ended', 0],
    ['phase=queued&phase=copying', 2],
    ['phase=completed', 0],
    ['importance=high', 1],
    ['reason=evacuation', 1],
    ['vm=a', 1],
    ['host=h2', 2],
    ['from=h2', 0],
    ['since=2999-01-01T00:00:00Z', 0],
    ['until=2999-01-01T02:00:00%2B02:00', 2],
  ] as const)('of migrations with %s has %i', async ([query, count]) => {
    await moved({ ...move, vm: 'a', reason: 'evacuation' });
    await moved({ ...move, vm: 'b' });
    const { items } = await told(await asRoot('GET', `/v1/migrations?${query}`));
    expect(items).toHaveLength(count);
  });
});

describe('who watches over the process', () => {
  const healthy: ControllerStatus = {
    replica: 'c1',
    replicas: ['c1'],
    steering: 0,
    lostLeases: 0,
    storeTrouble: undefined,
    lagMs: { p50: 0, p99: 0 },
  };

  test.for(['/healthz', '/readyz', '/metrics', '/openapi.json'])(
    'needs no token for %s',
    async (path) => {
      expect((await stage.ask('GET', path)).status).toBe(200);
    },
  );

  test('reads that it is not ready while the store is away, and measures all the same', async () => {
    stage.controller.status = () => ({ ...healthy, storeTrouble: 'gone' });
    expect((await stage.ask('GET', '/readyz')).status).toBe(503);
    expect((await stage.ask('GET', '/healthz')).status).toBe(200);
    expect(await (await stage.ask('GET', '/metrics')).text()).toContain('drover_store_up 0');
  });

  test('reads that the store is away also where that shows only now', async () => {
    stage.stage.store.migrations.counts = () =>
      Promise.reject(new DroverError('store.unavailable', 'gone'));
    expect(await (await stage.ask('GET', '/metrics')).text()).toContain('drover_store_up 0');
  });

  test('reads what there is', async () => {
    await moved();
    const text = await (await stage.ask('GET', '/metrics')).text();
    expect(text).toContain(
      'drover_migrations{phase="queued",class="unknown",importance="medium"} 1',
    );
    expect(text).toContain('drover_http_requests_total{method="POST",status="201"} 1');
  });
});

test('nothing that is answered may be kept by those on the way', async () => {
  for (const path of ['/v1/whoami', '/v1/nothing', '/v1/tokens'])
    expect((await asRoot('GET', path)).headers.get('cache-control')).toBe('no-store');
});

describe('who asks too much', () => {
  test('is told when to come again, and others are not held up', async () => {
    const slow = await setAppStage({ rate: { perSecond: 0.01, burst: 3 } });
    try {
      const backup = shownBy('backup');
      const statuses: number[] = [];
      for (let at = 0; at < 4; at += 1)
        statuses.push((await slow.ask('GET', '/v1/whoami', backup)).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
      const refused = await slow.ask('GET', '/v1/whoami', backup);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
      expect(await told(refused)).toMatchObject({ code: 'request.too-many' });
      expect((await slow.ask('GET', '/v1/whoami', { peer: local })).status).toBe(200);
    } finally {
      await slow.end();
    }
  });
});

function shownBy(certificate: string): Asked {
  return { peer: { kind: 'network', address: '192.0.2.8', certificate } };
}
