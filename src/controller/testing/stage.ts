import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DroverError } from '../../errors/catalogue.ts';
import { type Config, emptyConfig } from '../../fleet/config.ts';
import { fenced } from '../../hypervisor/fenced.ts';
import { type SimulatedHost, SimulatedWorld } from '../../hypervisor/simulated.ts';
import type { GuestModel } from '../../hypervisor/simulated-guest.ts';
import { VirtualClock } from '../../hypervisor/virtual-clock.ts';
import type { SlaClass } from '../../policy/vocabulary.ts';
import { openStore, type StorePlace } from '../../store/open.ts';
import { type MigrationRow, unended } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { Asker } from '../asker.ts';
import type { Controller } from '../controller.ts';
import { type ControllerOptions, makeController } from '../make.ts';
import type { World } from '../world.ts';

const mib = 2 ** 20;
/** A day on which nothing special happened: 1 January 2030, ms since 1970. */
const dayMs = Date.UTC(2030, 0, 1);

export const tempers = {
  idle: { touchedBytes: 64 * mib, workingSetBytes: 0, writeBytesPerSecond: 0 },
  large: { touchedBytes: 512 * mib, workingSetBytes: 0, writeBytesPerSecond: 0 },
  furious: {
    touchedBytes: 512 * mib,
    workingSetBytes: 480 * mib,
    writeBytesPerSecond: 400 * mib,
  },
} as const satisfies Readonly<Record<string, Partial<GuestModel>>>;

export const me: Asker = { who: 'me', from: 'local' };

/** Simulated hosts in virtual time, and a real store: in a file, unless it is to be elsewhere. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly sim: SimulatedWorld;
  readonly store: Store;
  readonly config: Config;
  readonly world: World;
  host(name: string): SimulatedHost;
  addGuest(name: string, temper: keyof typeof tempers, slaClass?: SlaClass, on?: string): string;
  /** A controller over the same store and hosts; all end with the stage. */
  controller(options?: Partial<ControllerOptions>): Controller;
  /** Waits until it is over; `while` is asked meanwhile. */
  ended(id: string): Promise<MigrationRow>;
  /** Waits until this holds for the row. */
  until(id: string, holds: (row: MigrationRow) => boolean): Promise<MigrationRow>;
  end(): Promise<void>;
}

export async function setStage(
  names: readonly string[] = ['h1', 'h2'],
  place?: StorePlace,
  leases: 'real' | 'virtual' = 'real',
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-controller-'));
  const clock = new VirtualClock();
  const own: StorePlace = {
    kind: 'sqlite',
    path: join(folder, 'drover.db'),
    ...(leases === 'real' ? {} : { leaseMs: () => Math.round(clock.nowMs()) }),
  };
  const store = await openStore(place ?? own);
  const settings = { linkBytesPerSecond: 100 * mib, syncMs: 100, setupMs: 50, callMs: 1 };
  const sim = new SimulatedWorld(clock, settings);
  const hosts = new Map(names.map((name) => [name, sim.addHost(name)]));
  const host = (name: string): SimulatedHost => {
    const found = hosts.get(name);
    if (found !== undefined) return found;
    throw new DroverError('host.unreachable', `${name} is not there`);
  };
  let ids = 0;
  const world: World = {
    clock,
    wallMs: () => dayMs + Math.round(clock.nowMs()),
    hostAt: ({ name }, mayAct) => fenced(host(name), mayAct),
    newId: () => `m${String((ids += 1)).padStart(4, '0')}`,
  };
  const config = configOf(names);
  const controllers: Controller[] = [];
  const until = (id: string, holds: (row: MigrationRow) => boolean): Promise<MigrationRow> =>
    rowThat(store, clock, id, holds);
  return {
    clock,
    sim,
    store,
    config,
    world,
    host,
    addGuest: (name, temper, slaClass = 'pet', on = 'h1') =>
      host(on).addGuest(
        { name, memoryBytes: 512 * mib, throttleEffect: 1, ...tempers[temper] },
        slaClass,
      ),
    controller: (options = {}) => {
      const name = `c${controllers.length + 1}`;
      const all = { store, config, name, scope: 'all', world, log: ignore, ...options } as const;
      const controller = makeController(all);
      controllers.push(controller);
      return controller;
    },
    until: (id, holds) => clock.run(until(id, holds)),
    ended: (id) => clock.run(until(id, ({ phase }) => !unended.some((one) => one === phase))),
    end: async () => {
      await clock.run(Promise.all(controllers.map((controller) => controller.stop())));
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function rowThat(
  { migrations }: Store,
  clock: VirtualClock,
  id: string,
  holds: (row: MigrationRow) => boolean,
): Promise<MigrationRow> {
  for (;;) {
    const row = await migrations.get(id);
    if (row !== undefined && holds(row)) return row;
    await clock.sleep(100);
  }
}

function configOf(names: readonly string[]): Config {
  const hosts = names.map(
    (name) =>
      [
        name,
        { uri: `simulated:///${name}`, peerUri: `simulated://${name}/system`, postCopy: 'allowed' },
      ] as const,
  );
  return { ...emptyConfig, hosts: Object.fromEntries(hosts) };
}

/** What an operator's log would have: the tests look at what is told instead. */
function ignore(): void {}
