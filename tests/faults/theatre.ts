import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { realWorld } from '../../src/controller/world.ts';
import { systemClock } from '../../src/hypervisor/clock.ts';
import { libvirtHost } from '../../src/hypervisor/libvirt/connect.ts';
import type { Host } from '../../src/hypervisor/port.ts';
import { addGuest, parseWorkload, watchGuest } from '../../src/lab/guest/index.ts';
import type { HeartbeatWatcher } from '../../src/lab/guest/watcher.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import type { Importance } from '../../src/policy/vocabulary.ts';
import { openStore } from '../../src/store/open.ts';
import type { MigrationRow } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../store/postgres.ts';
import { ControllerProcess } from './controller.ts';
import type { SimpleGuest } from './guests.ts';

const run = promisify(execFile);
const mib = 2 ** 20;

/** The store of a theatre, which can go away or fill up. */
export interface StoreSite {
  /** For the controller. */
  readonly place: string;
  /** What is kept, as somebody else reads it; `undefined` while it is away. */
  read<T>(work: (store: Store) => Promise<T>): Promise<T | undefined>;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  fill(): Promise<void>;
  empty(): Promise<void>;
}

/** What can break. */
export interface Site {
  readonly lab: Lab;
  readonly controller: ControllerProcess;
  readonly store: StoreSite;
  /** The guest whose QEMU can be killed. */
  readonly guest: string;
}

/** Two real hosts, a controller in a process of its own, a store of its own, and one guest. */
export interface Theatre extends Site {
  readonly watcher: HeartbeatWatcher;
  readonly source: Host;
  readonly destination: Host;
  /** Asks for the guest's move, and says under which id. */
  ask(): Promise<string>;
  row(id: string): Promise<MigrationRow | undefined>;
  down(): Promise<void>;
}

export async function setTheatre(all: {
  readonly dir: string;
  readonly linkBits: number;
  readonly guest: SimpleGuest;
  readonly postgres: boolean;
}): Promise<Theatre> {
  const { dir, linkBits, guest } = all;
  const name = 'actor';
  const stack = new AsyncDisposableStack();
  try {
    const site = await setSite(stack, { dir, linkBits, postgres: all.postgres });
    const { lab, store, controller } = site;
    const [source, destination] = [hostOf(stack, lab, 'h1'), hostOf(stack, lab, 'h2')];
    const watcher = watch(stack, lab, name);
    await add(lab, name, guest);
    await watcher.nextBeat(() => true, 30_000);
    await controller.begin();
    return {
      ...site,
      guest: name,
      watcher,
      source,
      destination,
      ask: () => request(store, { vm: name, from: 'h1', to: 'h2', importance: guest.importance }),
      row: (id) => store.read((kept) => kept.migrations.get(id)),
      down: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Hosts, a store and a controller that is still to begin; all of it goes with the stack. */
export async function setSite(
  stack: AsyncDisposableStack,
  all: { readonly dir: string; readonly linkBits: number; readonly postgres: boolean },
): Promise<Omit<Site, 'guest'>> {
  const { dir, linkBits } = all;
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const lab = await createLab({ dir: join(dir, 'lab'), hosts: 2, link: linkBits });
  stack.defer(() => lab.down());
  const files = join(dir, 'controller');
  await mkdir(files, { recursive: true });
  const config = join(files, 'config.yaml');
  await writeFile(config, configText(lab));
  const store = await (all.postgres
    ? postgresSite(stack)
    : sqliteSite(stack, join(files, 'store')));
  const controller = new ControllerProcess(config, store.place, join(files, 's'));
  stack.defer(() => controller.kill());
  return { lab, store, controller };
}

export async function add(lab: Lab, name: string, guest: SimpleGuest): Promise<void> {
  await addGuest(lab.host('h1'), {
    name,
    class: guest.slaClass,
    never: guest.never ?? [],
    kind: 'beat',
    memoryBytes: guest.memoryMiB * mib,
    workload: parseWorkload(guest.workload),
  });
}

export function watch(stack: AsyncDisposableStack, lab: Lab, name: string): HeartbeatWatcher {
  const watcher = watchGuest(lab.hosts, name);
  stack.defer(() => watcher.stop());
  return watcher;
}

function hostOf(stack: AsyncDisposableStack, lab: Lab, name: string): Host {
  const host = libvirtHost(lab.host(name).uri, { name, ways: [], clock: systemClock });
  stack.defer(() => host.close());
  return host;
}

/** Into the store itself: also while no controller is there to be asked. */
export async function request(
  site: StoreSite,
  move: {
    readonly vm: string;
    readonly from: string;
    readonly to: string;
    readonly importance: Importance;
  },
): Promise<string> {
  const id = realWorld.newId();
  const at = Date.now();
  const rest = { reason: undefined, deadlineAt: undefined, operationId: undefined };
  const row = {
    id,
    origin: 'request',
    requestedBy: 'test',
    requestedAt: at,
    requestKey: id,
  } as const;
  const event = { at, type: 'migration.queued', subject: id, data: move };
  for (;;) {
    const done = await site.read((store) =>
      store.migrations.create({ ...row, ...move, ...rest }, event),
    );
    if (done !== undefined) return id;
    await realWorld.clock.sleep(500);
  }
}

/** A small disk of its own, which can be filled. */
async function sqliteSite(stack: AsyncDisposableStack, folder: string): Promise<StoreSite> {
  await mkdir(folder);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'drover-test', folder]);
  stack.defer(async () => {
    await run('umount', ['--lazy', folder]);
  });
  const path = join(folder, 'drover.db');
  const ballast = join(folder, 'ballast');
  const store = await openStore({ kind: 'sqlite', path });
  stack.defer(() => store.close());
  return {
    place: path,
    read: (work) => quietly(() => work(store)),
    leave: () => Promise.reject(new Error('a file does not go away')),
    comeBack: () => Promise.reject(new Error('a file does not go away')),
    // `dd` ends with an error when the disk is full: that is what it is here for.
    fill: async () => {
      await run('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k']).catch((error: unknown) => {
        if (!String(error).includes('No space left')) throw error;
      });
    },
    empty: () => rm(ballast),
  };
}

async function postgresSite(stack: AsyncDisposableStack): Promise<StoreSite> {
  const server = await startPostgres();
  stack.defer(() => server.remove());
  const store = await openStore({ kind: 'postgres', url: server.url });
  stack.defer(() => store.close());
  return {
    place: server.url,
    read: (work) => quietly(() => work(store)),
    leave: () => server.stop(),
    comeBack: () => server.begin(),
    fill: () => Promise.reject(new Error('its disk is this machine’s')),
    empty: () => Promise.reject(new Error('its disk is this machine’s')),
  };
}

/** A store that is away says nothing: whoever asks asks again. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'store.unavailable')
      return undefined;
    throw error;
  }
}

function configText(lab: Lab): string {
  const lines = lab.hosts.map(
    ({ name, uri, peerUri }) =>
      `  ${name}: { uri: '${uri}', peerUri: '${peerUri}', compression: forbidden }\n`,
  );
  return `hosts:\n${lines.join('')}`;
}
