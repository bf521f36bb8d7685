import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { renderLibvirtdConf, renderQemuConf } from './daemon-config.ts';
import { hostInitScript } from './host-init.ts';
import { hostAddress, hostNamespace, namespacePath } from './names.ts';
import {
  initIn,
  isInit,
  killAll,
  type Process,
  processesIn,
  processesInEach,
  startTicks,
  waitUntil,
} from './processes.ts';
import { orNothing, type RunResult, run } from './run.ts';
import type { Accelerator, HostState, LabState } from './state.ts';

/** A host of a lab: where it is found, from outside and from the other hosts. */
export interface LabHost {
  readonly name: string;
  /** Its address inside the lab's own network, which only the lab's hosts reach. */
  readonly ip: string;
  /** For a controller on this machine. */
  readonly uri: string;
  /** For the daemon of another host of the lab. */
  readonly peerUri: string;
  readonly suite: string;
  readonly qemuVersion: string;
  readonly libvirtVersion: string;
  readonly accelerator: Accelerator;
  /** The host's state as this machine sees it. */
  readonly directory: string;
  /** Visible under this same path on this machine and on every host of the lab: kernels, images. */
  readonly shareDirectory: string;
  /** The file that a guest's serial port is written to, as this machine sees it. */
  serialPath(guest: string): string;
  /** The same file as the host sees it: the same path on every host, so that it can migrate. */
  serialPathInside(guest: string): string;
  exec(argv: readonly string[], options?: ExecOptions): Promise<RunResult>;
}

export interface ExecOptions {
  /** What the program reads on its standard input. */
  readonly input?: string;
  /** After this many ms the program is killed and the code is 124. */
  readonly timeoutMs?: number;
}

const logDirectoryInside = '/var/log/libvirt/qemu';
/** The environment of every program on a host: nothing of the caller's. */
const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  ...(process.env.TERM === undefined ? {} : { TERM: process.env.TERM }),
};

export function shareDirectory(dir: string): string {
  return join(dir, 'share');
}

export function hostDirectory(dir: string, host: string): string {
  return join(dir, 'hosts', host);
}

export function socketPath(dir: string, host: string): string {
  return join(hostDirectory(dir, host), 'run/libvirt/libvirt-sock');
}

/** The face of a host that the rest of the program works with. */
export function describeHost(dir: string, lab: LabState, host: HostState): LabHost {
  const directory = hostDirectory(dir, host.name);
  const ip = hostAddress(lab.id, host.index);
  return {
    name: host.name,
    ip,
    uri: `qemu+unix:///system?socket=${encodePath(socketPath(dir, host.name))}`,
    peerUri: `qemu+tcp://${ip}/system`,
    suite: host.suite,
    qemuVersion: host.qemuVersion,
    libvirtVersion: host.libvirtVersion,
    accelerator: lab.accelerator,
    directory,
    shareDirectory: shareDirectory(dir),
    serialPath: (guest) => join(directory, 'log/qemu', `${guest}.ser`),
    serialPathInside: (guest) => join(logDirectoryInside, `${guest}.ser`),
    exec: async (argv, options) =>
      await run([...(await enter(lab.id, host.name)), ...argv], { ...options, env: environment }),
  };
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Writes everything that a host finds when it boots; what it has kept of its own stays. */
export async function prepareHost(dir: string, lab: LabState, host: HostState): Promise<void> {
  const directory = hostDirectory(dir, host.name);
  const facts = { name: host.name, uuid: host.uuid, address: hostAddress(lab.id, host.index) };
  for (const part of ['run', 'root', 'etc', 'var/qemu', 'log/qemu', 'cache/qemu']) {
    await mkdir(join(directory, part), { recursive: true });
  }
  const addresses = lab.hosts.map(({ name, index }) => `${hostAddress(lab.id, index)} ${name}\n`);
  const files = {
    'etc/libvirtd.conf': renderLibvirtdConf(facts),
    'etc/qemu.conf': renderQemuConf(facts),
    hosts: `127.0.0.1 localhost\n${addresses.join('')}`,
    hostname: `${host.name}\n`,
    'machine-id': `${host.uuid.replaceAll('-', '')}\n`,
    'resolv.conf': '',
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content);
}

/** Switches the host on: its namespaces and its init, not yet its daemon. */
export async function bootHost(dir: string, lab: LabState, host: HostState): Promise<void> {
  const directory = hostDirectory(dir, host.name);
  // As after any power cut: /run is empty.
  await rm(join(directory, 'run'), { recursive: true, force: true });
  await mkdir(join(directory, 'run/libvirt'), { recursive: true });
  const log = await open(join(directory, 'init.log'), 'w');
  const network = `--net=${namespacePath(hostNamespace(lab.id, host.name))}`;
  const kinds = ['--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child'];
  const script = ['-c', hostInitScript, `drover-host-${lab.id}`];
  const facts = [host.name, host.tree, directory, shareDirectory(dir), lab.accelerator];
  const child = spawn(
    'nsenter',
    [network, 'unshare', ...kinds, '--propagation', 'private', 'bash', ...script, ...facts],
    // A session of its own: it outlives this program and hears none of its signals.
    { detached: true, stdio: ['ignore', 'pipe', log.fd], env: environment, cwd: '/' },
  );
  try {
    const { stdout } = child;
    if (stdout === null) throw new TypeError('no pipe');
    const said = await Promise.race([
      once(stdout, 'data'),
      once(child, 'exit'),
      once(child, 'error'),
    ]);
    if (!String(said[0]).startsWith('ready')) throw await bootFailed(directory, host.name);
    const init = await initIn(namespacePath(hostNamespace(lab.id, host.name)));
    await recordKeepers(
      directory,
      [init, child].flatMap((one) => one?.pid ?? []),
    );
    stdout.destroy();
    child.unref();
  } finally {
    await log.close();
  }
}

const keepersName = 'keepers.json';
const keepersSchema = z.array(
  z.object({ pid: z.number().int().positive(), startTicks: z.number() }),
);

/**
 * Notes the host's init, with which the whole host dies, and the process that waits for it. The kernel's
 * namespaces tell as much; this is for when somebody has removed their names.
 */
async function recordKeepers(directory: string, pids: readonly number[]): Promise<void> {
  const keepers = await Promise.all(
    pids.map(async (pid) => ({ pid, startTicks: (await startTicks(pid)) ?? 0 })),
  );
  await writeFile(join(directory, keepersName), `${JSON.stringify(keepers)}\n`);
}

/**
 * Kills the recorded keepers of all hosts that are still the processes they were. An init counts as dead
 * only when everything in its host is: whoever else were killed first would leave that to happen later.
 */
export async function killKeepers(dir: string): Promise<void> {
  for (const host of await orNothing(readdir(join(dir, 'hosts')), [])) {
    const text = await orNothing(readFile(join(hostDirectory(dir, host), keepersName), 'utf8'), '');
    for (const keeper of keepersSchema.safeParse(parseJson(text)).data ?? []) {
      const isOver = async (): Promise<boolean> =>
        (await startTicks(keeper.pid)) !== keeper.startTicks;
      if (await isOver()) continue;
      killAll([keeper]);
      await waitUntil(`host ${host} ends`, isOver);
    }
  }
}

/** A note that was cut short by a crash says nothing. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function bootFailed(directory: string, name: string): Promise<DroverError> {
  const { stdout } = await run(['tail', '-n', '5', join(directory, 'init.log')]);
  return new DroverError('lab.failed', `host ${name} does not boot: ${stdout.trim()}`, {
    hint: 'see `drover lab doctor`',
  });
}

/** Starts the host's daemon and waits until it takes connections. */
export async function startDaemon(dir: string, lab: LabState, host: HostState): Promise<void> {
  await rm(socketPath(dir, host.name), { force: true });
  const result = await describeHost(dir, lab, host).exec(
    ['libvirtd', '--daemon', '--listen', '--pid-file', '/run/libvirtd.pid'],
    { timeoutMs: 60_000 },
  );
  if (result.code !== 0) {
    throw new DroverError(
      'lab.failed',
      `libvirtd of ${host.name} does not start: ${result.stderr.trim()}`,
      { hint: `its log: ${join(hostDirectory(dir, host.name), 'log/libvirtd.log')}` },
    );
  }
  await waitUntil(`libvirtd of ${host.name} listens`, () => listens(socketPath(dir, host.name)));
}

async function listens(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Not yet: the caller asks again, and says so when it never does.
    return false;
  } finally {
    socket.destroy();
  }
}

/** Whether the host is switched on, and what runs on it. */
export interface HostProcesses {
  readonly init: Process | undefined;
  readonly daemon: Process | undefined;
  readonly guests: readonly { readonly name: string; readonly process: Process }[];
}

/** What runs on each of these hosts, in the same order. */
export async function inspectHosts(
  id: string,
  hosts: readonly string[],
): Promise<readonly HostProcesses[]> {
  const paths = hosts.map((host) => namespacePath(hostNamespace(id, host)));
  const processes = await processesInEach(paths);
  return paths.map((path) => sortOut(processes.get(path) ?? []));
}

export async function inspectHost(id: string, host: string): Promise<HostProcesses> {
  return sortOut(await processesIn(namespacePath(hostNamespace(id, host))));
}

function sortOut(members: readonly Process[]): HostProcesses {
  return {
    init: members.find(isInit),
    daemon: members.find((member) => program(member) === 'libvirtd' && member.depth > 1),
    guests: members
      .filter((member) => program(member).startsWith('qemu-system-'))
      .flatMap((member) => {
        const name = guestName(member.argv);
        return name === undefined ? [] : [{ name, process: member }];
      }),
  };
}

function program({ argv }: Process): string {
  return argv[0]?.split('/').at(-1) ?? '';
}

/** libvirt starts QEMU with `-name guest=NAME,...`, a comma in the name doubled. */
function guestName(argv: readonly string[]): string | undefined {
  const value = argv[argv.indexOf('-name') + 1];
  return /^guest=((?:[^,]|,,)*)/.exec(value ?? '')?.[1]?.replaceAll(',,', ',');
}

/** Kills processes of a host and waits until they are gone. */
export async function killAndWait(id: string, host: string, victims: readonly Process[]) {
  killAll(victims);
  const path = namespacePath(hostNamespace(id, host));
  const pids = new Set(victims.map(({ pid }) => pid));
  await waitUntil(`processes of ${host} die`, async () => {
    return !(await processesIn(path)).some(({ pid }) => pids.has(pid));
  });
}

/** The words that put a program into the host; they stand before its own. */
export async function enter(id: string, host: string): Promise<readonly string[]> {
  const init = await initIn(namespacePath(hostNamespace(id, host)));
  if (init === undefined) {
    throw new DroverError('lab.conflict', `host ${host} is switched off`, {
      hint: `drover lab start ${host}`,
    });
  }
  const kinds = ['--mount', '--uts', '--ipc', '--net', '--pid'];
  return ['nsenter', '--target', `${init.pid}`, ...kinds, '--'];
}

export const hostEnvironment: Readonly<Record<string, string>> = environment;
