import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const installedIn = '/usr/lib/postgresql';
const startMs = 20_000;

/** A PostgreSQL of our own: in a folder of its own, on a free port, for nobody else. */
export interface OwnPostgres {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
  /** `stop`, and `begin` again with the same data. */
  begin(): Promise<void>;
  /** `stop`, and its folder goes. */
  remove(): Promise<void>;
}

export async function startPostgres(): Promise<OwnPostgres> {
  const bin = await newestBin();
  const folder = await mkdtemp(join(tmpdir(), 'drover-postgres-'));
  const user = await systemUser();
  await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'drover', '-A', 'trust', '-N'], user);
  const port = await freePort();
  const url = `postgres://drover@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | undefined;
  const begin = async (): Promise<void> => {
    const settings = [`listen_addresses=127.0.0.1`, `unix_socket_directories=${folder}`];
    const options = settings.flatMap((setting) => ['-c', setting]);
    server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...options], {
      ...user,
      stdio: 'ignore',
    });
    await untilReady(join(bin, 'pg_isready'), port);
  };
  const stop = async (): Promise<void> => {
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server?.once('exit', resolve));
    // The fast shutdown: connections are cut, nothing is lost.
    server.kill('SIGINT');
    await ended;
    server = undefined;
  };
  await begin();
  return {
    url,
    get pid() {
      return server?.pid ?? 0;
    },
    begin,
    stop,
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function newestBin(): Promise<string> {
  const majors = (await readdir(installedIn)).map(Number).filter(Number.isFinite);
  const newest = Math.max(...majors);
  return join(installedIn, String(newest), 'bin');
}

/** PostgreSQL refuses to run as root; its package brings a user for it. */
async function systemUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port is free')),
      );
    });
  });
}

async function untilReady(isReady: string, port: number): Promise<void> {
  const untilMs = performance.now() + startMs;
  for (;;) {
    try {
      await run(isReady, ['-h', '127.0.0.1', '-p', String(port)]);
      return;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await sleep(100);
    }
  }
}
