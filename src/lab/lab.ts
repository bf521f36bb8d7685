import { existsSync } from 'node:fs';
import { DroverError } from '../errors/catalogue.ts';
import {
  bootHost,
  describeHost,
  type ExecOptions,
  enter,
  inspectHost,
  inspectHosts,
  killAndWait,
  type LabHost,
  startDaemon,
} from './host.ts';
import { withLock } from './lock.ts';
import { hostNamespace, labDirectory } from './names.ts';
import {
  applyCuts,
  killMigrationConnections,
  namespacesOf,
  plugIn,
  removeNamespace,
  shapeLink,
  unplug,
} from './network.ts';
import { checkRate, type Rate } from './rate.ts';
import type { RunResult } from './run.ts';
import { type HostState, type LabState, lockPath, readState, writeState } from './state.ts';
import { type HostStatus, hostStatus } from './status.ts';
import { hasRemains, removeDirectory, tearDown } from './teardown.ts';

/** What `kill` can end on a host. */
export const victims = ['libvirtd', 'qemu', 'host'] as const;
export type Victim = (typeof victims)[number];

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
    findHost(state, name);
    if (victim === 'host') return await this.#powerOff(name);
    const { daemon, guests } = await inspectHost(state.id, name);
    const conflict = (what: string) => new DroverError('lab.conflict', `${what} on ${name}`);
    if (victim === 'libvirtd') {
      if (daemon === undefined) throw conflict('no libvirtd runs');
      return await killAndWait(state.id, name, [daemon]);
    }
    const chosen = guests.filter((each) => guest === undefined || each.name === guest);
    if (chosen.length === 0) throw conflict(`no QEMU of ${guest ?? 'a guest'} runs`);
    const processes = chosen.map(({ process }) => process);
    await killAndWait(state.id, name, processes);
  }

  async #powerOff(name: string): Promise<void> {
    await this.#exclusively(async (state) => {
      const host = findHost(state, name);
      if (!(await isPlugged(state, host))) {
        throw new DroverError('lab.conflict', `${name} is switched off already`);
      }
      await unplug(state.id, host);
      // With the namespace go its half-open connections, which would speak up after the next boot.
      await removeNamespace(hostNamespace(state.id, name));
    });
  }

  /** Starts what is not running: the host after a power cut, its daemon after a crash. */
  async start(name: string): Promise<void> {
    await this.#exclusively(async (state) => {
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

  /** Changes what the lab is meant to be and makes the switch agree. */
  async #change(next: (state: LabState) => Promise<LabState>): Promise<void> {
    await this.#exclusively(async (before) => {
      const state = await next(before);
      await applyCuts(state);
      await writeState(this.dir, state);
    });
  }

  /** Nobody else changes the lab meanwhile. */
  async #exclusively(action: (state: LabState) => Promise<void>): Promise<void> {
    // Looked at first, so that no lock is left where a lab was.
    await readState(this.dir);
    await withLock(lockPath(this.dir), async () => await action(await readState(this.dir)));
  }
}

/** The lab that is up in this directory; `lab.not-found` when there is none. */
export async function openLab(dir?: string): Promise<Lab> {
  requireRoot();
  const directory = labDirectory(dir);
  return new Lab(directory, await readState(directory));
}

/** Ends the lab in this directory, whatever state it is in; returns whether there was anything. */
export async function downLab(dir?: string): Promise<boolean> {
  requireRoot();
  const directory = labDirectory(dir);
  const found = await hasRemains(directory);
  // An `up` that was killed at its very beginning leaves the lock alone.
  if (!found && !existsSync(lockPath(directory))) return false;
  await withLock(lockPath(directory), async () => {
    await tearDown(directory);
    await removeDirectory(directory);
  });
  return found;
}

/** Whether the host has its network: it has none after a power cut. */
async function isPlugged(state: LabState, host: HostState): Promise<boolean> {
  return (await namespacesOf(state.id)).includes(hostNamespace(state.id, host.name));
}

/** The lab's kernel objects can be seen and changed by root alone. */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new DroverError('lab.missing', 'the lab needs root: it creates network namespaces', {
    hint: 'run the command with sudo',
  });
}

function findHost(state: LabState, name: string): HostState {
  const host = state.hosts.find((each) => each.name === name);
  if (host !== undefined) return host;
  throw new DroverError('lab.not-found', `the lab has no host '${name}'`, {
    hint: `its hosts: ${state.hosts.map((each) => each.name).join(', ')}`,
  });
}
