import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { clientFor } from '../../src/client/client.ts';
import { type Authority, clientExtensions, createAuthority } from '../libvirt/pki.ts';
import { type Ended, ended, saidBy, startDrover } from './drover.ts';

/** A real `drover serve` with TLS and client certificates, over hosts that never say a word. */
let dir: string;
let ours: Authority;
let others: Authority;
let silent: Server;
const peers = new Set<Socket>();
let serving: ChildProcess;
let socket: string;
let url: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-served-'));
  ours = await createAuthority(join(dir, 'ours'));
  others = await createAuthority(join(dir, 'others'));
  await ours.sign('server', ['extendedKeyUsage=serverAuth', 'subjectAltName=IP:127.0.0.1']);
  await Promise.all([ours, others].map((one) => one.sign('client', clientExtensions)));
  silent = createServer((peer) => {
    peers.add(peer);
    peer.on('error', () => undefined);
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  socket = join(dir, 'drover.sock');
  await writeFile(join(dir, 'config.yaml'), stringify(config()));
  serving = startDrover(
    ['serve', '--config', join(dir, 'config.yaml'), '--listen', '127.0.0.1:0', '--socket', socket],
    { DROVER_STATE_DIR: join(dir, 'server-state') },
  );
  url = await addressOf(serving);
  await keepBusy();
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});
afterAll(async () => {
  const closed = once(serving, 'close');
  serving.kill('SIGTERM');
  await closed;
  for (const peer of peers) peer.destroy();
  silent.close();
  await rm(dir, { recursive: true });
});

function config(): object {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = silent.address() as AddressInfo;
  const host = { uri: `qemu+tcp://127.0.0.1:${port}/system`, maxOutgoing: 1, maxIncoming: 1 };
  return {
    hosts: { h1: host, h2: host },
    server: {
      tls: {
        cert: join(ours.folder, 'servercert.pem'),
        key: join(ours.folder, 'serverkey.pem'),
        clientCa: ca(ours),
      },
      certificates: { client: 'viewer' },
    },
  };
}

/** Each waits for its silent hosts for many seconds, and whoever comes later waits for them all. */
async function keepBusy(): Promise<void> {
  const client = await clientFor({ kind: 'socket', path: socket });
  try {
    for (let index = 0; index < 40; index += 1)
      await client.migrate({ vm: `ahead-${index}`, from: 'h1', to: 'h2', importance: 'high' });
  } finally {
    await client.close();
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.on('data', (piece) => (said += String(piece)));
  child.stdout?.on('data', (piece) => (said += String(piece)));
  await saidBy(child, /Serving on \S+\s/);
  return /Serving on (\S+)/.exec(said)?.[1] ?? '';
}

type Env = Record<string, string>;

function start(args: readonly string[], env: Env = {}): ChildProcess {
  const home = join(dir, 'home');
  const child = startDrover(args, { XDG_CONFIG_HOME: home, DROVER_STATE_DIR: home, ...env });
  children.push(child);
  return child;
}

const run = (args: readonly string[], env: Env = {}): Promise<Ended> => ended(start(args, env));
/** Over the socket, whose owner needs no token. */
const asRoot = (...args: readonly string[]): Promise<Ended> => run([...args, '--server', socket]);
const ca = (authority: Authority): string => join(authority.folder, 'cacert.pem');

function shown({ folder }: Authority): readonly string[] {
  return ['--cert', join(folder, 'clientcert.pem'), '--key', join(folder, 'clientkey.pem')];
}

async function newToken(role: string): Promise<{ readonly id: string; readonly secret: string }> {
  const { out } = await asRoot('token', 'create', `a ${role}`, '--role', role, '-o', 'json');
  return z.object({ id: z.string(), secret: z.string() }).parse(JSON.parse(out));
}

describe('a server with TLS', () => {
  test('is believed by --ca, DROVER_CA and a context, and asks for a token', async () => {
    const { secret } = await newToken('viewer');
    const DROVER_TOKEN = secret;
    const asked = ['host', 'list', '-o', 'name', '--server', url];
    const told = { code: 0, out: 'h1\nh2\n' };
    expect(await run([...asked, '--ca', ca(ours)], { DROVER_TOKEN })).toMatchObject(told);
    expect(await run(asked, { DROVER_TOKEN, DROVER_CA: ca(ours) })).toMatchObject(told);
    await writeFile(join(dir, 'token'), `${secret}\n`);
    const context = ['--server', url, '--ca', ca(ours), '--token-file', join(dir, 'token')];
    expect(await run(['context', 'add', 'site', ...context])).toMatchObject({ code: 0 });
    expect(await run(['host', 'list', '-o', 'name', '--context', 'site'])).toMatchObject(told);
  });

  test('is not believed where another signs for it, or nobody who is known', async () => {
    const { secret } = await newToken('viewer');
    for (const trusted of [[], ['--ca', ca(others)]]) {
      const refused = await run(['host', 'list', '--server', url, ...trusted], {
        DROVER_TOKEN: secret,
      });
      expect(refused).toMatchObject({ code: 8, out: '' });
      expect(refused.err).toMatch(/certificate/);
      expect(refused.err).not.toContain(secret);
    }
  });

  test.each([
    ['no token', {}],
    ['one that nobody made', { DROVER_TOKEN: 'drv_nobody' }],
  ])('lets nobody in with %s', async (_, env) => {
    const refused = await run(['host', 'list', '--server', url, '--ca', ca(ours)], env);
    expect(refused).toMatchObject({ code: 5, out: '' });
    expect(refused.err).toMatch(/token/);
  });

  test('refuses a viewer what an operator may, and a token that is revoked at once', async () => {
    const { id, secret } = await newToken('viewer');
    const asked = (...args: readonly string[]): Promise<Ended> =>
      run([...args, '--server', url, '--ca', ca(ours)], { DROVER_TOKEN: secret });
    const moving = await asked('migrate', 'vm', '--from', 'h1', '--to', 'h2', '-o', 'json');
    expect(moving.code).toBe(5);
    expect(JSON.parse(moving.out)).toMatchObject({ error: { code: 'auth.forbidden' } });
    expect((await asked('host', 'list')).code).toBe(0);
    expect(await asRoot('token', 'revoke', id, '--yes')).toMatchObject({ code: 0 });
    expect((await asked('host', 'list')).code).toBe(5);
  });

  test('knows a client by the certificate that it believes, and no other', async () => {
    const asked = ['host', 'list', '-o', 'name', '--server', url, '--ca', ca(ours)];
    expect(await run([...asked, ...shown(ours)])).toMatchObject({ code: 0, out: 'h1\nh2\n' });
    expect((await run([...asked, ...shown(others)])).code).toBe(5);
    expect(await run([...asked, ...shown(ours).slice(0, 2)])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--cert and --key belong together'),
    });
    expect(await run([...asked, '--cert', '/nowhere', '--key', '/nowhere'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('/nowhere cannot be read'),
    });
  });
});

const toH2 = ['--from', 'h1', '--to', 'h2'];

/** Asks for one, and leaves it while it waits. */
async function queued(vm: string): Promise<string> {
  const { code, out } = await asRoot('migrate', vm, ...toH2, '--timeout', '1s', '-o', 'json');
  expect(code).toBe(124);
  return z.object({ id: z.string() }).parse(JSON.parse(out)).id;
}

describe('over a server whose hosts are silent,', () => {
  test('--timeout leaves a migration and says how to come back to it; one VM moves once', async () => {
    const id = await queued('first');
    expect(await asRoot('migrations', 'list', '-o', 'name')).toMatchObject({
      out: expect.stringContaining(id),
    });
    const again = await asRoot('migrate', 'first', ...toH2, '-o', 'json');
    expect(JSON.parse(again.out)).toMatchObject({ error: { code: 'domain.busy' } });
    expect(again.code).toBe(4);
    const watched = await asRoot('migrations', 'watch', id, '--timeout', '1s', '-o', 'json');
    expect(watched.code).toBe(124);
    expect(JSON.parse(watched.out)).toMatchObject({ id });
  });

  test('a command whose progress nobody reads any more does its work all the same', async () => {
    const child = start(['migrate', 'unread', ...toH2, '--timeout', '1s', '--server', socket]);
    child.stderr?.destroy();
    expect(await ended(child)).toMatchObject({ code: 124, out: expect.stringContaining('unread') });
  });

  test('expedite sets a deadline, keeps it, and takes it away', async () => {
    const id = await queued('hurried');
    const set = await asRoot('expedite', id, '--deadline', '2h', '-o', 'json');
    expect(JSON.parse(set.out)).toMatchObject({ deadlineAt: expect.any(String) });
    const high = await asRoot('expedite', id, '--importance', 'high', '-o', 'json');
    expect(JSON.parse(high.out).deadlineAt).toBe(JSON.parse(set.out).deadlineAt);
    const none = await asRoot('expedite', id, '--deadline', 'none');
    expect(none.out).toBe('hurried: the importance is high now, without a deadline.\n');
    expect(await asRoot('expedite', id, '--deadline', 'never')).toMatchObject({ code: 2 });
    expect(await asRoot('expedite', id)).toMatchObject({ code: 2 });
  });

  test('--watch shows a list anew when it changes, until it is told to end', async () => {
    const child = start(['host', 'list', '-o', 'name', '--watch', '--server', socket]);
    const end = ended(child);
    await saidBy(child, /h1\nh2\n/);
    const changed = saidBy(child, /h1\nh2\nh3\n/);
    expect(
      await asRoot('host', 'add', 'h3', '--uri', 'qemu+tcp://127.0.0.1:1/system'),
    ).toMatchObject({ code: 0 });
    await changed;
    expect(await asRoot('host', 'remove', 'h3', '--yes')).toMatchObject({ code: 0 });
    child.kill('SIGINT');
    expect((await end).out).toMatch(/^h1\nh2\nh1\nh2\nh3\n/);
  });

  test('migrations watch tells a line for each thing that happens, until it is told to end', async () => {
    const child = start(['migrations', 'watch', '--server', socket]);
    const end = ended(child);
    const told = saidBy(child, /watched/);
    // Whoever begins to watch may do so after it was asked for: then it is among those that run.
    await queued('watched');
    await told;
    child.kill('SIGINT');
    const { out, err } = await end;
    expect(out + err).toMatch(/watched/);
  });

  test.each([
    ['of a host that nobody knows', ['vm', '--from', 'h9'], 3, 'host.not-found'],
    ['to a host that nobody knows', ['vm', '--from', 'h1', '--to', 'h9'], 3, 'host.not-found'],
    ['without a host', ['vm'], 2, 'usage.invalid'],
  ] as const)('adopt %s is refused', async (_, args, exitCode, code) => {
    const refused = await asRoot('adopt', ...args, '-o', 'json');
    expect(JSON.parse(refused.out)).toMatchObject({ error: { code, exitCode } });
    expect(refused.code).toBe(exitCode);
  });

  test('adopt of a host that cannot be reached says so', async () => {
    await asRoot('host', 'add', 'dark', '--uri', 'qemu+tcp://127.0.0.1:1/system');
    const refused = await asRoot('adopt', 'vm', '--from', 'dark', '--to', 'h2', '-o', 'json');
    expect(JSON.parse(refused.out)).toMatchObject({ error: { code: 'host.unreachable' } });
    expect(refused.code).toBe(8);
    const { out } = await asRoot('audit', '--subject', 'vm', '-o', 'json');
    expect(JSON.parse(out)[0]).toMatchObject({
      what: 'migration.adopt',
      outcome: 'host.unreachable',
      from: 'local',
    });
  });
});
