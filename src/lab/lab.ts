import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { DroverError } from '../errors/catalogue.ts';
import { fillCapabilities, keepCapabilities } from './capability-cache.ts';
import {
  bootHost,
  describeHost,
  type ExecOptions,
  enter,
  type HostProcesses,
  hostEnvironment,
  inspectHost,
  inspectHosts,
  killAndWait,
  type LabHost,
  prepareHost,
  shareDirectory,
  startDaemon,
} from './host.ts';
import { withLock } from './lock.ts';
import { checkHostName, hostNamespace, labDirectory, labId, maximumHosts } from './names.ts';
import {
  applyCuts,
  createSwitch,
  killMigrationConnections,
  namespacesOf,
  plugIn,
  removeNamespace,
  shapeLink,
  unplug,
} from './network.ts';
import { checkDirectory } from './placement.ts';
import { checkRate, type Rate } from './rate.ts';
import { defaultSuite, ensureRootTree, type Progress, type RootTree } from './root-tree.ts';
import type { RunResult } from './run.ts';
import {
  type Accelerator,
  type HostState,
  type LabState,
  lockPath,
  readState,
  writeState,
} from './state.ts';
import { hasRemains, removeDirectory, tearDown } from './teardown.ts';

export interface CreateLabOptions {
  /** Where the lab keeps its state; DROVER_LAB_DIR or /var/lib/drover/lab by default. */
  readonly dir?: string;
  /** How many hosts (h1, h2, ...), or which. Three by default. */
  readonly hosts?: number | readonly { readonly name: string; readonly suite?: string }[];
  /** The rate of every host's link, bits/s; 1 gbit by default. */
  readonly link?: Rate | 'none';
  /** The Debian suite of hosts that name none. */
  readonly suite?: string;
  /** `tcg` by default. */
  readonly accelerator?: Accelerator;
  readonly onProgress?: Progress;
}

/** What `kill` can end on a host. */
export const victims = ['libvirtd', 'qemu', 'host'] as const;
export type Victim = (typeof victims)[number];

/** How a host does at this moment. */
export interface HostStatus {
  readonly name: string;
  readonly ip: string;
  readonly uri: string;
  readonly suite: string;
  readonly qemuVersion: string;
  readonly libvirtVersion: string;
  readonly power: 'on' | 'off';
  readonly daemon: 'running' | 'stopped';
  /** The guests whose QEMU runs on the host. */
  readonly guests: readonly string[];
  /** Bits per second; `null` is an unlimited link. */
  readonly link: Rate | null;
  /** From whom the host is cut off: names of hosts, or everybody. */
  readonly cutFrom: readonly string[] | 'everybody';
}

const defaultLink: Rate = 1e9;

/** Real libvirt hosts in namespaces of this machine, joined by a switch of their own. */
export class Lab {
  readonly dir: string;
  readonly id: string;
  readonly #state: LabState;

  /** For {@link openLab} and {@link createLab}. */
  constructor(dir: string, state: LabState) {
    this.dir = dir;
    this.id = state.id;
    this.#state = state;
  }

  get hosts(): readonly LabHost[] {
    return this.#state.hosts.map((host) => describeHost(this.dir, this.#state, host));
  }

  /** The host of this name; `lab.not-found` when there is none. */
  host(name: string): LabHost {
    return describeHost(this.dir, this.#state, findHost(this.#state, name));
  }

  /** Changes the rate of a host's link in both directions; `undefined` removes the limit. */
  async shape(name: string, rate: Rate | undefined): Promise<void> {
    const link = rate === undefined ? null : checkRate(rate);
    await this.#change(async (state) => {
      const host = findHost(state, name);
      if (await isPlugged(state, host)) await shapeLink(state.id, name, host.index, rate);
      const hosts = state.hosts.map((each) => (each === host ? { ...each, link } : each));
      return { ...state, hosts };
    });
  }

  /** Drops all traffic of a host, or only that between two hosts, until {@link heal}. */
  async cut(name: string, from?: string): Promise<void> {
    await this.#change(async (state) => {
      findHost(state, name);
      if (from !== undefined) findHost(state, from);
      if (from === name) throw new DroverError('usage.invalid', 'a host cannot be cut from itself');
      const cuts = [...state.cuts, { host: name, from: from ?? null }];
      return { ...state, cuts };
    });
  }

  /** Ends all cuts that concern a host, or all there are. */
  async heal(name?: string): Promise<void> {
    await this.#change(async (state) => {
      if (name !== undefined) findHost(state, name);
      const stays = ({ host, from }: LabState['cuts'][number]) =>
        name !== undefined && host !== name && from !== name;
      return { ...state, cuts: state.cuts.filter(stays) };
    });
  }

  /**
   * Kills the TCP connections of migrations from and to this host, as a broken link would; returns
   * how many there were.
   */
  async breakMigrationConnection(name: string): Promise<number> {
    const state = await readState(this.dir);
    return await killMigrationConnections(state.id, findHost(state, name).name);
  }

  /**
   * Kills the host's daemon, its QEMU processes (or that of one guest), or the host itself: a power
   * cut, of which its peers hear nothing.
   */
  async kill(name: string, victim: Victim, guest?: string): Promise<void> {
    const state = await readState(this.dir);
    const host = findHost(state, name);
    const { init, daemon, guests } = await inspectHost(state.id, name);
    const conflict = (what: string) => new DroverError('lab.conflict', `${what} on ${name}`);
    switch (victim) {
      case 'libvirtd':
        if (daemon === undefined) throw conflict('no libvirtd runs');
        return await killAndWait(state.id, name, [daemon]);
      case 'qemu': {
        const chosen = guests.filter((each) => guest === undefined || each.name === guest);
        if (chosen.length === 0) throw conflict(`no QEMU of ${guest ?? 'a guest'} runs`);
        return await killAndWait(
          state.id,
          name,
          chosen.map(({ process }) => process),
        );
      }
      case 'host':
        if (init === undefined) throw conflict('the power is off already');
        return await this.#powerOff(host);
    }
  }

  async #powerOff(host: HostState): Promise<void> {
    await withLock(lockPath(this.dir), async () => {
      await unplug(this.id, host);
      // With the namespace go its half-open connections, which would speak up after the next boot.
      await removeNamespace(hostNamespace(this.id, host.name));
    });
  }

  /** Starts what is not running: the host after a power cut, its daemon after a crash. */
  async start(name: string): Promise<void> {
    await withLock(lockPath(this.dir), async () => {
      const state = await readState(this.dir);
      const host = findHost(state, name);
      const { init, daemon } = await inspectHost(state.id, name);
      if (init === undefined) {
        if (!(await isPlugged(state, host))) await plugIn(state.id, host);
        await applyCuts(state);
        await bootHost(this.dir, state, host);
      }
      if (daemon === undefined) await startDaemon(this.dir, state, host);
    });
  }

  /** Runs a program on a host, as its root. */
  async exec(name: string, argv: readonly string[], options?: ExecOptions): Promise<RunResult> {
    return await this.host(name).exec(argv, options);
  }

  /** The words before a program's own that run it on the host, for a caller that spawns it. */
  async execPrefix(name: string): Promise<readonly string[]> {
    return await enter(this.id, findHost(this.#state, name).name);
  }

  async status(): Promise<readonly HostStatus[]> {
    const state = await readState(this.dir);
    const names = state.hosts.map(({ name }) => name);
    const processes = await inspectHosts(state.id, names);
    return state.hosts.flatMap((host, index) => {
      const found = processes[index];
      return found === undefined ? [] : hostStatus(this.dir, state, host, found);
    });
  }

  /** Ends the lab: no process, namespace, interface, mount or file of it is left. */
  async down(): Promise<void> {
    await downLab(this.dir);
  }

  /** Changes what the lab is meant to be, one change at a time, and makes the switch agree. */
  async #change(next: (state: LabState) => Promise<LabState>): Promise<void> {
    await withLock(lockPath(this.dir), async () => {
      const state = await next(await readState(this.dir));
      await applyCuts(state);
      await writeState(this.dir, state);
    });
  }
}

/** The environment that programs on a host get. */
export { hostEnvironment };

/** The lab that is up in this directory; `lab.not-found` when there is none. */
export async function openLab(dir?: string): Promise<Lab> {
  requireRoot();
  const directory = labDirectory(dir);
  return new Lab(directory, await readState(directory));
}

/** Brings a lab up. When that fails nothing of it is left. */
export async function createLab(options: CreateLabOptions = {}): Promise<Lab> {
  requireRoot();
  const plan = planHosts(options);
  const dir = checkDirectory(
    labDirectory(options.dir),
    plan.map(({ name }) => name),
  );
  requireAccelerator(options.accelerator);
  const onProgress = options.onProgress ?? (() => undefined);
  const trees = new Map<string, RootTree>();
  for (const suite of new Set(plan.map((host) => host.suite))) {
    trees.set(suite, await ensureRootTree(suite, onProgress));
  }
  warnOfDamage(trees.values(), options.accelerator ?? 'tcg', onProgress);
  const state = newState(dir, options, plan, trees);
  return await withLock(lockPath(dir), async () => {
    if (await hasRemains(dir)) {
      throw new DroverError('lab.conflict', `there is a lab in ${dir} already`, {
        hint: 'end it with `drover lab down`, or use another directory (--lab-dir, DROVER_LAB_DIR)',
      });
    }
    try {
      await bringUp(dir, state, trees);
      return new Lab(dir, state);
    } catch (error) {
      await clearAfter(error, dir);
      throw error;
    }
  });
}

/** Takes a half-built lab down; should that fail too, both errors are told. */
async function clearAfter(error: unknown, dir: string): Promise<void> {
  try {
    await tearDown(dir);
  } catch (second) {
    throw new DroverError('lab.failed', 'the lab came up in part and cannot be cleared away', {
      hint: 'try `drover lab down`',
      cause: new AggregateError([error, second], `${String(error)}; then ${String(second)}`),
    });
  }
}

/** Ends the lab in this directory, whatever state it is in; returns whether there was anything. */
export async function downLab(dir?: string): Promise<boolean> {
  requireRoot();
  const directory = labDirectory(dir);
  if (!(await hasRemains(directory))) return false;
  await withLock(lockPath(directory), async () => {
    await tearDown(directory);
    await removeDirectory(directory);
  });
  return true;
}

async function bringUp(
  dir: string,
  state: LabState,
  trees: ReadonlyMap<string, RootTree>,
): Promise<void> {
  await mkdir(shareDirectory(dir), { recursive: true });
  await writeState(dir, state);
  await createSwitch(state.id);
  await Promise.all(
    [...trees.values()].map(async (tree) => {
      const hosts = state.hosts.filter(({ suite }) => suite === tree.suite);
      const [first, ...others] = hosts;
      if (first === undefined) return;
      // The first host of a tree that nobody has run before finds out for all.
      const known = await bringUpHost(dir, state, first, tree);
      if (!known) await keepCapabilities(dir, state, first, tree.id);
      await Promise.all(others.map((host) => bringUpHost(dir, state, host, tree)));
    }),
  );
}

async function bringUpHost(
  dir: string,
  state: LabState,
  host: HostState,
  tree: RootTree,
): Promise<boolean> {
  await prepareHost(dir, state, host);
  const known = await fillCapabilities(dir, state, host, tree.id);
  await plugIn(state.id, host);
  await bootHost(dir, state, host);
  await startDaemon(dir, state, host);
  return known;
}

interface PlannedHost {
  readonly name: string;
  readonly suite: string;
}

function planHosts({ hosts = 3, suite = defaultSuite }: CreateLabOptions): readonly PlannedHost[] {
  const plan =
    typeof hosts === 'number'
      ? Array.from({ length: hosts }, (_, index) => ({ name: `h${index + 1}`, suite }))
      : hosts.map((host) => ({ name: checkHostName(host.name), suite: host.suite ?? suite }));
  if (plan.length < 1 || plan.length > maximumHosts || !Number.isInteger(plan.length)) {
    throw new DroverError(
      'usage.invalid',
      `a lab has 1 to ${maximumHosts} hosts, not ${plan.length}`,
    );
  }
  if (new Set(plan.map(({ name }) => name)).size < plan.length) {
    throw new DroverError('usage.invalid', 'two hosts of a lab have the same name');
  }
  return plan;
}

function newState(
  dir: string,
  options: CreateLabOptions,
  plan: readonly PlannedHost[],
  trees: ReadonlyMap<string, RootTree>,
): LabState {
  const { link = defaultLink, accelerator = 'tcg' } = options;
  const hosts = plan.map(({ name, suite }, position) => {
    const tree = trees.get(suite);
    if (tree === undefined) throw new TypeError(`no tree of ${suite}`);
    return {
      name,
      index: position + 1,
      uuid: randomUUID(),
      suite,
      tree: tree.path,
      qemuVersion: tree.qemuVersion,
      libvirtVersion: tree.libvirtVersion,
      link: link === 'none' ? null : checkRate(link),
    };
  });
  return { version: 1, id: labId(dir), accelerator, hosts, cuts: [] };
}

function hostStatus(
  dir: string,
  state: LabState,
  host: HostState,
  { init, daemon, guests }: HostProcesses,
): HostStatus {
  const { ip, uri, suite, qemuVersion, libvirtVersion } = describeHost(dir, state, host);
  return {
    name: host.name,
    ip,
    uri,
    suite,
    qemuVersion,
    libvirtVersion,
    power: init === undefined ? 'off' : 'on',
    daemon: daemon === undefined ? 'stopped' : 'running',
    guests: guests.map(({ name }) => name).toSorted(),
    link: host.link,
    cutFrom: cutFrom(state, host.name),
  };
}

function cutFrom(state: LabState, name: string): readonly string[] | 'everybody' {
  if (state.cuts.some((cut) => cut.host === name && cut.from === null)) return 'everybody';
  const peers = state.cuts.flatMap(({ host, from }) => {
    if (host === name) return from ?? [];
    // A peer that is cut off from everybody is cut off from this host too.
    return from === name || from === null ? host : [];
  });
  return [...new Set(peers)].toSorted();
}

/** Whether the host has its network: it has none after a power cut. */
async function isPlugged(state: LabState, host: HostState): Promise<boolean> {
  return (await namespacesOf(state.id)).includes(hostNamespace(state.id, host.name));
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new DroverError('lab.missing', 'the lab needs root: it creates network namespaces', {
    hint: 'run the command with sudo',
  });
}

/** Seen with 7.2, not with 10.0: long migrations of emulated guests leave stale pages behind. */
function warnOfDamage(trees: Iterable<RootTree>, accelerator: Accelerator, warn: Progress): void {
  for (const { suite, qemuVersion } of trees) {
    if (accelerator === 'tcg' && Number.parseInt(qemuVersion, 10) < 10) {
      warn(`${suite}: QEMU ${qemuVersion} damages the memory of emulated guests that migrate`);
    }
  }
}

function requireAccelerator(accelerator: Accelerator | undefined): void {
  if (accelerator !== 'kvm' || existsSync('/dev/kvm')) return;
  throw new DroverError('lab.missing', 'this machine has no /dev/kvm', {
    hint: 'leave --accelerator out: guests are emulated then',
  });
}

function findHost(state: LabState, name: string): HostState {
  const host = state.hosts.find((each) => each.name === name);
  if (host !== undefined) return host;
  throw new DroverError('lab.not-found', `the lab has no host '${name}'`, {
    hint: `its hosts: ${state.hosts.map((each) => each.name).join(', ')}`,
  });
}
