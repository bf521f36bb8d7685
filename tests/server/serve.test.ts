import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Client, clientFor } from '../../src/client/client.ts';
import { ended, startDrover } from '../cli/drover.ts';

let dir: string;
const running: ChildProcess[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-serve-'));
  await writeFile(
    join(dir, 'config.yaml'),
    'hosts: { h1: { uri: "qemu+tcp://127.0.0.1:1/system" } }\n',
  );
});
afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await rm(dir, { recursive: true });
});

/** A `drover serve` that serves, and all that it says. */
interface Server {
  readonly child: ChildProcess;
  readonly url: string;
  readonly socket: string;
  said(): string;
  /** Waits until it has said this, `from` this place on; the test's own limit ends it. */
  says(pattern: RegExp, from?: number): Promise<RegExpExecArray>;
  /** Tells it to end, and returns its exit code. */
  end(): Promise<number | null>;
}

async function start(...args: readonly string[]): Promise<Server> {
  const socket = join(dir, 'drover.sock');
  const config = join(dir, 'config.yaml');
  const child = startDrover(
    ['serve', '--config', config, '--listen', '127.0.0.1:0', '--socket', socket, ...args],
    { DROVER_STATE_DIR: dir },
  );
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (piece) => (said += String(piece)));
  const says: Server['says'] = async (pattern, from = 0) => {
    for (;;) {
      const match = pattern.exec(said.slice(from));
      if (match !== null) return match;
      if (child.exitCode !== null) throw new Error(`it ended without ${pattern}: ${said}`);
      await sleep(20);
    }
  };
  const [, url = ''] = await says(/Serving on (\S+)/);
  const end = async (): Promise<number | null> => {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    return child.exitCode;
  };
  return { child, url, socket, said: () => said, says, end };
}

async function overSocket<T>({ socket }: Server, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await clientFor({ kind: 'socket', path: socket });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

describe('drover serve', () => {
  test('says how to get in, serves, and leaves nothing behind when it ends', async () => {
    const server = await start();
    await server.says(/There is no token yet\. On this machine the socket needs none/);
    expect((await stat(server.socket)).mode & 0o777).toBe(0o600);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/v1/whoami`)).status).toBe(401);
    expect(await overSocket(server, (client) => client.hosts())).toMatchObject([
      { name: 'h1', origin: 'config' },
    ]);
    expect(await server.end()).toBe(0);
    await expect(stat(server.socket)).rejects.toThrow(/ENOENT/);
  });

  test('does not say it again where there is a token; no secret is in what it says', async () => {
    const first = await start();
    const { secret } = await overSocket(first, (client) =>
      client.createToken({ name: 'alice', role: 'viewer' }),
    );
    const asked = (token: string, path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${first.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
    expect((await asked(secret, '/v1/whoami')).status).toBe(200);
    expect((await asked(secret, '/v1/tokens')).status).toBe(403);
    expect((await asked(`${secret}x`, '/v1/whoami')).status).toBe(401);
    expect((await asked(secret, '/v1/migrations', { method: 'POST', body: secret })).status).toBe(
      403,
    );
    expect((await asked(secret, `/v1/events?after=${secret}`)).status).toBe(400);
    expect(await first.end()).toBe(0);
    expect(first.said()).not.toContain(secret);
    const second = await start();
    await second.says(/"msg":"serving"/);
    expect(await second.end()).toBe(0);
    expect(second.said()).not.toContain('no token yet');
  });

  test('writes a log of which each line is JSON', async () => {
    const server = await start();
    await overSocket(server, (client) =>
      client.putHost('h2', { uri: 'test://h2', postCopy: 'allowed' }),
    );
    await server.says(/"msg":"host\.changed"/);
    expect(await server.end()).toBe(0);
    const lines = server
      .said()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    const logged = lines.map((line) => z.object({ msg: z.string() }).parse(JSON.parse(line)).msg);
    expect(logged).toEqual(
      expect.arrayContaining(['serving', 'host.changed', 'handed over, and ended']),
    );
  });

  test('goes on with the events where it was when it ended', async () => {
    const first = await start();
    const put = (server: Server, name: string): Promise<unknown> =>
      overSocket(server, (client) =>
        client.putHost(name, { uri: 'test://h', postCopy: 'allowed' }),
      );
    await put(first, 'a');
    await put(first, 'b');
    const { lastEvent } = await overSocket(first, (client) => client.status());
    await put(first, 'c');
    await first.end();
    const second = await start();
    await put(second, 'd');
    const ending = new AbortController();
    const heard = await overSocket(second, async (client) => {
      const subjects: string[] = [];
      for await (const { data } of client.events({}, { after: lastEvent, signal: ending.signal })) {
        subjects.push(z.object({ subject: z.string() }).parse(JSON.parse(data)).subject);
        if (subjects.length === 2) break;
      }
      return subjects;
    });
    ending.abort();
    expect(heard).toEqual(['c', 'd']);
    await second.end();
  });

  test('reads its config file anew when it changes, and on SIGHUP', async () => {
    const server = await start();
    const file = join(dir, 'config.yaml');
    const names = (): Promise<readonly string[]> =>
      overSocket(server, async (client) => (await client.hosts()).map(({ name }) => name));
    const after = async (text: string, said: RegExp): Promise<readonly string[]> => {
      const from = server.said().length;
      await writeFile(file, text);
      await server.says(said, from);
      return names();
    };
    const anew = /the config file was read anew/;
    expect(await after('hosts: { x: { uri: "test://x" } }\n', anew)).toEqual(['x']);
    expect(await after('hosts: { x: 1 }\n', /not valid: what it said before holds/)).toEqual(['x']);
    expect(await after('server: { requestsAtOnce: 7 }\n', /at the next start/)).toEqual([]);
    const from = server.said().length;
    server.child.kill('SIGHUP');
    await server.says(anew, from);
    expect(await server.end()).toBe(0);
  });
});

async function refused(...args: readonly string[]): Promise<{ code: number | null; err: string }> {
  return ended(
    startDrover(
      ['serve', '--config', join(dir, 'config.yaml'), '--socket', join(dir, 'd.sock'), ...args],
      { DROVER_STATE_DIR: dir },
    ),
  );
}

describe('drover serve does not begin', () => {
  test.for(['0.0.0.0:0', '[::]:0', '192.0.2.1:7420', '127.example.org:7420'])(
    'on %s without TLS, where others can read what is said',
    async (listen) => {
      expect(await refused('--listen', listen)).toMatchObject({
        code: 2,
        err: expect.stringContaining('can be reached from elsewhere, without TLS'),
      });
    },
  );

  test.for([
    ['--listen', '127.0.0.1'],
    ['--listen', '127.0.0.1:http'],
    ['--listen', '127.0.0.1:65536'],
    ['--listen', 'localhost:-1'],
    ['--database', 'mysql://h/d'],
  ])('with %s %s, and says what is wrong with it', async ([option = '', value = '']) => {
    expect(await refused(option, value)).toMatchObject({
      code: 2,
      err: expect.stringContaining(option),
    });
  });

  test('and does, where that is said', async () => {
    const server = await start('--listen', '0.0.0.0:0', '--insecure');
    expect(await server.end()).toBe(0);
  });

  test('where another one serves already, and the other one goes on', async () => {
    const server = await start();
    const { host } = new URL(server.url);
    expect(await refused('--listen', host)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`cannot listen on ${host}`),
    });
    expect(await refused('--listen', '127.0.0.1:0', '--socket', server.socket)).toMatchObject({
      code: 2,
      err: expect.stringContaining('Another drover serve listens'),
    });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(await server.end()).toBe(0);
  });

  test('with a setting that is none, which is named with its line', async () => {
    await writeFile(join(dir, 'config.yaml'), 'hosts: {}\nserver:\n  listen: everywhere\n');
    expect(await refused()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/config\.yaml:3: server\.listen: expected host:port/),
    });
  });

  test('where its store cannot be had, and tells no password', async () => {
    const { code, err } = await refused(
      '--database',
      'postgres://drover:hunter2@127.0.0.1:1/drover',
    );
    expect(code).toBe(8);
    expect(err).toContain('postgres://drover:***@127.0.0.1:1/drover');
    expect(err).not.toContain('hunter2');
  });
});
