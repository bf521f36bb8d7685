import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from './ask.ts';
import { follow } from './follow.ts';
import { type Transport, transportTo } from './transport.ts';

type Handler = (request: Request) => Response | Promise<Response>;

const leftovers: (() => unknown)[] = [];
afterEach(async () => {
  for (const leave of leftovers.splice(0).toReversed()) await leave();
});

async function listening(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
  where: string | number,
): Promise<Server> {
  const server = createServer((request, response) => void listener(request, response));
  server.listen(typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { path: where });
  await once(server, 'listening');
  leftovers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return address.port;
}

async function opened(target: Parameters<typeof transportTo>[0]): Promise<Transport> {
  const transport = await transportTo(target);
  leftovers.push(() => transport.close());
  return transport;
}

/** The ways to the same handler. */
const ways: Readonly<Record<string, (handler: Handler) => Promise<Transport>>> = {
  'a port': async (handler) => {
    const server = await listening(getRequestListener(handler), 0);
    return opened({ kind: 'url', url: `http://127.0.0.1:${portOf(server)}/`, token: 'drv_secret' });
  },
  'a unix socket': async (handler) => {
    const dir = await mkdtemp(join(tmpdir(), 'drover-client-'));
    leftovers.push(() => rm(dir, { recursive: true }));
    const path = join(dir, 'drover.sock');
    await listening(getRequestListener(handler), path);
    return opened({ kind: 'socket', path });
  },
  'this process': (handler) => opened({ kind: 'embedded', fetch: handler }),
};

const answer = z.object({ name: z.string() });

describe.each(Object.entries(ways))('over %s', (_name, way) => {
  it('asks, and reads the answer', async () => {
    const heard: unknown[] = [];
    const transport = await way(async (request) => {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      heard.push([method, pathname + search, headers.get('if-match'), await request.json()]);
      return Response.json({ name: 'h1', added: 'later' });
    });
    const question = {
      method: 'PUT',
      path: '/v1/hosts/h1',
      query: { a: 'b c', none: undefined },
      body: { uri: 'x' },
      ifRevision: 3,
      answer,
    } as const;
    expect(await ask(transport, question)).toEqual({ name: 'h1' });
    expect(heard).toEqual([['PUT', '/v1/hosts/h1?a=b+c', '"3"', { uri: 'x' }]]);
  });

  it('says once which field is wrong where there is one', async () => {
    const transport = await way(() => {
      const errors = [{ field: 'uri', message: 'expected a URI' }];
      const problem = { detail: 'uri: expected a URI', code: 'usage.invalid', errors };
      return Response.json(problem, { status: 400 });
    });
    await expect(ask(transport, { method: 'GET', path: '/', answer })).rejects.toMatchObject({
      code: 'usage.invalid',
      message: 'uri: expected a URI',
    });
  });

  it('throws the error that it is told', async () => {
    const transport = await way(() =>
      Response.json(
        {
          title: 'Host unknown',
          detail: 'There is no host h9',
          code: 'host.not-found',
          hint: 'look',
          errors: [{ field: 'name', message: 'unknown' }],
        },
        { status: 404 },
      ),
    );
    await expect(ask(transport, { method: 'GET', path: '/', answer })).rejects.toMatchObject({
      code: 'host.not-found',
      message: 'There is no host h9\n  name: unknown',
      hint: 'look',
      exitCode: 3,
    });
  });

  it('ends a stream of events that is no longer wanted, at both ends', async () => {
    const left = Promise.withResolvers<void>();
    const transport = await way(() => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: first\n\n')),
        cancel: () => left.resolve(),
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    const end = new AbortController();
    for await (const { data } of follow(transport, { path: '/', signal: end.signal })) {
      expect(data).toBe('first');
      // Not in the middle of the loop, but while it waits for more.
      setTimeout(() => end.abort(), 20);
    }
    await left.promise;
    expect.assertions(1);
  });

  it.each([
    [
      'is no problem document',
      () => new Response('<h1>Bad Gateway</h1>', { status: 502 }),
      /answered 502/,
    ],
    [
      'has an unknown code',
      () => Response.json({ title: 'New', code: 'new.thing' }, { status: 400 }),
      /New \(new.thing\)/,
    ],
    ['is no JSON', () => new Response('hello'), /no JSON/],
    ['has another form', () => Response.json({ nome: 'h1' }), /not understood: name/],
  ] as const)('says so where an answer %s', async (_what, handler, message) => {
    const transport = await way(handler);
    await expect(ask(transport, { method: 'GET', path: '/', answer })).rejects.toMatchObject({
      code: 'server.failed',
      message: expect.stringMatching(message),
    });
  });
});

/** Takes the request, and hangs up, `times` times. */
async function hangingUp(times: number): Promise<{ transport: Transport; keys: unknown[] }> {
  const keys: unknown[] = [];
  const server = await listening((request, response) => {
    keys.push(request.headers['idempotency-key']);
    if (keys.length <= times) request.socket.destroy();
    else response.end('{"name":"h1"}');
  }, 0);
  return {
    transport: await opened({ kind: 'url', url: `http://127.0.0.1:${portOf(server)}` }),
    keys,
  };
}

describe('a lost connection', () => {
  it('is tried again with the same key, so that nothing is done twice', async () => {
    const { transport, keys } = await hangingUp(2);
    expect(await ask(transport, { method: 'POST', path: '/', body: {}, answer })).toEqual({
      name: 'h1',
    });
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is not tried again where that could do it twice', async () => {
    const { transport, keys } = await hangingUp(1);
    await expect(
      ask(transport, { method: 'PATCH', path: '/', body: {}, answer }),
    ).rejects.toMatchObject({ code: 'server.unreachable', exitCode: 8 });
    expect(keys).toHaveLength(1);
  });

  it('that stays away is told with the way out', async () => {
    const transport = await opened({ kind: 'socket', path: '/nonexistent/drover.sock' });
    await expect(ask(transport, { method: 'GET', path: '/', answer })).rejects.toMatchObject({
      code: 'server.unreachable',
      message: '/nonexistent/drover.sock does not answer',
      hint: expect.stringContaining('drover serve'),
      cause: { code: 'ENOENT' },
    });
  });
});

it('the token goes with every request', async () => {
  const heard: unknown[] = [];
  const transport = await ways['a port']?.((request) => {
    heard.push(request.headers.get('authorization'));
    return Response.json({ name: 'h1' });
  });
  if (transport === undefined) throw new Error('there is no such way');
  await ask(transport, { method: 'GET', path: '/', answer });
  expect(heard).toEqual(['Bearer drv_secret']);
});
