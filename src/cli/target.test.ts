import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextsPath, readContexts, writeContexts } from './contexts.ts';
import type { ConnectFlags } from './flags.ts';
import { whereTo } from './target.ts';

let dir: string;
let env: Record<string, string>;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-target-'));
  env = { XDG_CONFIG_HOME: dir, DROVER_STATE_DIR: dir };
});
afterEach(() => rm(dir, { recursive: true }));

async function withContexts(): Promise<void> {
  const lab = { server: 'http://lab:7420', token: 'drv_lab' };
  await writeContexts(env, { current: 'prod', contexts: { prod: { server: '/run/p.sock' }, lab } });
}

const embedded = { kind: 'embedded', config: undefined };
const tls = { ca: undefined, cert: undefined, key: undefined };
const lab = { kind: 'url', url: 'http://lab:7420', token: 'drv_lab', ...tls };

describe('without contexts', () => {
  const url = 'https://h:7420';
  it.each<[ConnectFlags, Record<string, string>, unknown]>([
    [{}, {}, embedded],
    [{ config: 'c.yaml' }, {}, { kind: 'embedded', config: 'c.yaml' }],
    [{ config: 'c.yaml' }, { DROVER_SERVER: url }, { kind: 'embedded', config: 'c.yaml' }],
    [{ server: '/s.sock' }, {}, { kind: 'socket', path: '/s.sock' }],
    [{}, { DROVER_SERVER: url, DROVER_TOKEN: 't' }, { kind: 'url', url, token: 't', ...tls }],
    [
      { server: 'http://a' },
      { DROVER_SERVER: url },
      { kind: 'url', url: 'http://a', token: undefined, ...tls },
    ],
    [{}, { DROVER_SERVER: '' }, embedded],
  ])('%j with %j', async (flags, more, where) => {
    expect(await whereTo(flags, { ...env, ...more })).toEqual(where);
  });
});

describe('with contexts', () => {
  beforeEach(withContexts);

  it.each<[ConnectFlags, Record<string, string>, unknown]>([
    [{}, {}, { kind: 'socket', path: '/run/p.sock' }],
    [{ context: 'lab' }, { DROVER_SERVER: 'http://b' }, lab],
    [{}, { DROVER_CONTEXT: 'lab' }, lab],
    [{ context: 'lab' }, { DROVER_TOKEN: 'other' }, { ...lab, token: 'other' }],
    [{ config: 'c.yaml' }, {}, { kind: 'embedded', config: 'c.yaml' }],
  ])('%j with %j', async (flags, more, where) => {
    expect(await whereTo(flags, { ...env, ...more })).toEqual(where);
  });

  it('are read by their owner only', async () => {
    const { mode } = await stat(contextsPath(env));
    expect(mode & 0o777).toBe(0o600);
  });
});

it('finds the server of this machine by its socket, and only where it answers', async () => {
  const path = join(dir, 'drover.sock');
  await writeFile(path, '');
  expect(await whereTo({}, env)).toEqual(embedded);
  await rm(path);
  const server = createServer().listen(path);
  await once(server, 'listening');
  expect(await whereTo({}, env)).toEqual({ kind: 'socket', path });
  server.close();
});

it.each<[ConnectFlags, RegExp]>([
  [{ server: 'h1:7420' }, /no address of a server/],
  [{ server: 'http://a', config: 'c.yaml' }, /--config has no say/],
  [{ server: 'https://a', cert: 'c.pem' }, /belong together/],
  [{ server: 'https://a', ca: '/nonexistent/ca.pem' }, /ca.pem cannot be read/],
])('refuses %j', async (flags, message) => {
  const refusal = { code: 'usage.invalid', message: expect.stringMatching(message) };
  await expect(whereTo(flags, env)).rejects.toMatchObject(refusal);
});

it('does not find a context that there is not', async () => {
  await expect(whereTo({ context: 'nope' }, env)).rejects.toMatchObject({
    code: 'context.not-found',
    message: 'There is no context nope',
  });
});

it.each([
  ['contexts: [', /is no YAML/],
  ['contexts: { a: { url: x } }', /contexts.a/],
])('a file of contexts that says %j is refused', async (text, message) => {
  await writeContexts(env, { contexts: {} });
  await writeFile(contextsPath(env), text);
  await expect(readContexts(env)).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringMatching(message),
  });
});
