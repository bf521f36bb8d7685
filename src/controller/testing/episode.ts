import { type Config, emptyConfig } from '../../fleet/config.ts';
import { acts, fenced } from '../../hypervisor/fenced.ts';
import type { Host } from '../../hypervisor/port.ts';
import { type SimulatedHost, SimulatedWorld } from '../../hypervisor/simulated.ts';
import { type Random, randomFrom } from '../../hypervisor/simulated-random.ts';
import { VirtualClock } from '../../hypervisor/virtual-clock.ts';
import { importances, slaClasses } from '../../policy/vocabulary.ts';
import { openStore } from '../../store/open.ts';
import { type MigrationRow, unended } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import { makeController } from '../make.ts';
import type { World } from '../world.ts';
import { failingStore, type StoreWatch } from './failing-store.ts';
import { befall, type Levers, mendAll } from './levers.ts';
import { type Mortal, mortal } from './mortal.ts';
import { drawSchedule, type Fault, pick } from './schedule.ts';
import { me } from './stage.ts';
import { Truth } from './truth.ts';
import { type Unruly, unrulyHost } from './unruly.ts';

const mib = 2 ** 20;
const dayMs = Date.UTC(2030, 0, 1);
const hostNames = ['h1', 'h2', 'h3'] as const;
export const guestsPerEpisode = 6;
/** Migrations are asked for, and faults begin, within so long, ms. */
const askedWithinMs = 6_000;
const faultsWithinMs = 30_000;
/** How often it is looked whether a phase has come that a fault waits for, and for how long, ms. */
const tickMs = 10;
const watchedMs = 60_000;
/** A fault strikes up to so long after the phase that it waits for has begun, ms. */
const longestDelayMs = 400;
/** What is broken for good is mended after this, so that everything can come to an end, ms. */
const mendedAfterMs = 600_000;
/** What has not ended so long after all was mended never will, ms. */
const endsWithinMs = 900_000;
/** What libvirt and the last job tidy up by themselves, ms. */
const quietMs = 30_000;

const writeRates = [0, 60, 150, 400].map((rate) => rate * mib);

export interface Episode {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly rows: readonly MigrationRow[];
  /** What is not as it must be, in words. */
  readonly wrong: readonly string[];
  /** Why guests are gone that nothing could have kept. */
  readonly gone: readonly string[];
  /** In which phases migrations were when something broke. */
  readonly struckIn: readonly string[];
}

/** Six migrations on three simulated hosts, and what breaks meanwhile: all of it follows from the seed. */
export async function runEpisode(seed: number): Promise<Episode> {
  const random = randomFrom(seed);
  const clock = new VirtualClock();
  const syncMs = random() < 0.5 ? 100 : Infinity;
  const linkBytesPerSecond = 100 * mib;
  const sim = new SimulatedWorld(clock, { linkBytesPerSecond, syncMs, setupMs: 50, callMs: 1 });
  const hosts = hostNames.map((name) => sim.addHost(name));
  const truth = new Truth(clock, hosts);
  const place = {
    kind: 'sqlite',
    path: ':memory:',
    leaseMs: () => Math.round(clock.nowMs()),
  } as const;
  const kept = await openStore(place);
  try {
    const watch: StoreWatch = {
      failing: false,
      onAsked: (...asked) => truth.askedToStore(...asked),
      onDone: (...done) => truth.stored(...done),
    };
    const unruly = { replies: false, events: false };
    const time = { offMs: 0 };
    const store = failingStore(kept, watch, randomFrom(seed ^ 0x5f0e));
    const calls = randomFrom(seed ^ 0x0ca1);
    const world = worldOf(clock, hosts, unruly, time, calls);
    const lives = new Lives(store, world, (life, uuid) => truth.ordered(life, uuid));
    const drawn = drawSchedule(random, {
      hosts: hosts.length,
      guests: guestsPerEpisode,
      ms: faultsWithinMs,
    });
    const levers: Levers = {
      clock,
      sim,
      hosts,
      linkBytesPerSecond,
      uuids: [],
      unruly,
      watch,
      time,
      truth,
      killController: () => lives.next(),
      haltController: () => lives.halt(),
    };
    const uuids = addGuests(hosts, random, syncMs);
    truth.expect(uuids);
    const struckIn: string[] = [];
    await clock.run(
      play({ ...levers, uuids }, drawn, lives, { store: kept, random, struckIn }),
      10 * (mendedAfterMs + endsWithinMs),
    );
    const { items } = await kept.migrations.list({}, { limit: 1_000 });
    const wrong = [...truth.wrong, ...truth.judge(items)];
    lives.end();
    return { seed, faults: drawn, rows: items, wrong, gone: truth.gone, struckIn };
  } finally {
    await kept.close();
  }
}

function worldOf(
  clock: VirtualClock,
  hosts: readonly SimulatedHost[],
  unruly: Unruly,
  time: { readonly offMs: number },
  calls: Random,
): World {
  let ids = 0;
  return {
    clock,
    wallMs: () => dayMs + Math.round(clock.nowMs() + time.offMs),
    hostAt: ({ name }) => {
      const host = hosts.find((one) => one.name === name);
      if (host === undefined) throw new Error(`an episode has no host ${name}`);
      return unrulyHost(host, unruly, clock, calls);
    },
    newId: () => `m${String((ids += 1)).padStart(4, '0')}`,
  };
}

/** Tells of each order that goes out, with the guest that it is for. */
function overheard(host: Host, onOrder: (uuid: unknown) => void): Host {
  return new Proxy(host, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        if (acts.has(key)) onOrder(given[0]);
        return Reflect.apply(member, target, given);
      };
    },
  });
}

interface Play {
  readonly store: Store;
  readonly random: Random;
  readonly struckIn: string[];
}

async function play(
  levers: Levers,
  drawn: readonly Fault[],
  lives: Lives,
  { store, random, struckIn }: Play,
): Promise<void> {
  const { clock } = levers;
  await lives.begin();
  const asked = levers.uuids.map((uuid) => lives.ask(uuid, levers, random));
  for (const fault of drawn) plan(fault, levers, struckIn);
  const watching = new AbortController();
  void tick(levers, watching.signal);
  await Promise.all(asked);
  await clock.sleep(faultsWithinMs - clock.nowMs());
  await allEnded(store, levers, mendedAfterMs);
  levers.truth.judgeSoFar((await store.migrations.list({}, { limit: 1_000 })).items);
  watching.abort();
  mendAll(levers);
  await allEnded(store, levers, endsWithinMs);
  await clock.sleep(quietMs);
}

async function tick({ clock, truth }: Levers, end: AbortSignal): Promise<void> {
  while (!end.aborted && clock.nowMs() < watchedMs) {
    truth.tick();
    await clock.sleep(tickMs);
  }
}

/** At its time, or when its guest comes to the phase that it waits for. */
function plan(fault: Fault, levers: Levers, struckIn: string[]): void {
  const { clock, truth, hosts } = levers;
  const strike = (struck: Fault): void => {
    struckIn.push(truth.phaseOf(levers.uuids[fault.guest] ?? ''));
    befall(struck, levers);
  };
  if (fault.when === undefined) {
    clock.schedule(fault.atMs, () => strike(fault));
    return;
  }
  truth.await(levers.uuids[fault.guest] ?? '', fault.when, (ends) => {
    const host = ends[fault.host % ends.length];
    const delayMs = (fault.atMs / faultsWithinMs) * longestDelayMs;
    const struck = { ...fault, host: host === undefined ? fault.host : hosts.indexOf(host) };
    clock.schedule(clock.nowMs() + delayMs, () => strike(struck));
  });
}

/** Waits until nothing moves any more, but not for ever. */
async function allEnded(store: Store, { clock }: Levers, mostMs: number): Promise<void> {
  const untilMs = clock.nowMs() + mostMs;
  while (clock.nowMs() < untilMs) {
    const { items } = await store.migrations.list({ phases: unended }, { limit: 1 });
    if (items.length === 0) return;
    await clock.sleep(2_000);
  }
}

/** The controllers of an episode, one after another; where one is halted, two at a time. */
class Lives {
  readonly #store: Store;
  readonly #world: World;
  readonly #onOrder: (life: string, uuid: unknown) => void;
  readonly #bodies: Mortal[] = [];
  #asks: ReturnType<typeof makeController> | undefined;

  constructor(store: Store, world: World, onOrder: (life: string, uuid: unknown) => void) {
    this.#store = store;
    this.#world = world;
    this.#onOrder = onOrder;
  }

  async begin(): Promise<void> {
    const name = `life-${this.#bodies.length + 1}`;
    const body = mortal(this.#store, this.#worldOf(name));
    this.#bodies.push(body);
    const { store, world } = body;
    const controller = makeController({
      store,
      world,
      config: configOf(hostNames),
      name,
      scope: 'all',
      log: () => undefined,
    });
    this.#asks = controller;
    for (;;) {
      try {
        return await controller.start();
      } catch {
        // A service that cannot begin is begun again by whoever runs it.
        await world.clock.sleep(1_000);
      }
    }
  }

  /** Each on its own hears whether it may act, and is heard when it does. */
  #worldOf(life: string): World {
    const heard = (uuid: unknown): void => this.#onOrder(life, uuid);
    return {
      ...this.#world,
      hostAt: (host, mayAct) => fenced(overheard(this.#world.hostAt(host, mayAct), heard), mayAct),
    };
  }

  /** The youngest dies, and another begins. */
  next(): void {
    this.#bodies.at(-1)?.die();
    this.#another();
  }

  /** The youngest stands still, and another begins beside it. The answer lets it go on. */
  halt(): () => void {
    const goOn = this.#bodies.at(-1)?.halt();
    this.#another();
    return () => goOn?.();
  }

  #another(): void {
    void this.#world.clock.sleep(500).then(() => this.begin());
  }

  end(): void {
    for (const body of this.#bodies) body.die();
  }

  /** Asks until it is heard. */
  async ask(uuid: string, { clock, hosts }: Levers, random: Random): Promise<void> {
    const at = hosts.findIndex(({ register }) => register.get(uuid) !== undefined);
    const from = hosts[at]?.name ?? '';
    const to =
      hosts[(at + 1 + Math.floor(random() * (hosts.length - 1))) % hosts.length]?.name ?? '';
    const importance = pick(importances, random) ?? 'medium';
    const cancelAfterMs = random() < 0.1 ? random() * 20_000 : undefined;
    await clock.sleep(random() * askedWithinMs);
    const id = await this.#insist(async (controller) => {
      const { row } = await controller.migrate(
        { vm: uuid, from, to, importance, requestKey: `move of ${uuid}` },
        me,
      );
      return row.id;
    });
    if (id === undefined || cancelAfterMs === undefined) return;
    await clock.sleep(cancelAfterMs);
    await this.#insist((controller) => controller.abort(id, me));
  }

  /** A person who gets no answer asks again, for the same; one who is refused does not. */
  async #insist<T>(
    ask: (controller: ReturnType<typeof makeController>) => Promise<T>,
  ): Promise<T | undefined> {
    for (let times = 0; times < 30; times += 1) {
      const controller = this.#asks;
      const given = this.#world.clock.sleep(2_000).then(() => 'no answer' as const);
      try {
        if (controller === undefined) return undefined;
        const answer = await Promise.race([ask(controller), given]);
        if (answer !== 'no answer') return answer;
      } catch (error) {
        if (!isUnavailable(error)) return undefined;
        await given;
      }
    }
    return undefined;
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'store.unavailable';
}

function addGuests(
  hosts: readonly SimulatedHost[],
  random: Random,
  syncMs: number,
): readonly string[] {
  return Array.from({ length: guestsPerEpisode }, (_, index) => {
    const host = hosts[index % hosts.length];
    if (host === undefined) throw new Error('an episode has hosts');
    const memoryBytes = (random() < 0.5 ? 256 : 512) * mib;
    const writeBytesPerSecond = pick(writeRates, random) ?? 0;
    const workingSetBytes = writeBytesPerSecond === 0 ? 0 : memoryBytes * (0.1 + 0.7 * random());
    const touchedBytes = Math.max(workingSetBytes, memoryBytes * (0.2 + 0.7 * random()));
    const throttleEffect = syncMs === Infinity ? 0.5 : 1;
    const guest = {
      name: `g${index + 1}`,
      memoryBytes,
      touchedBytes,
      workingSetBytes,
      writeBytesPerSecond,
      throttleEffect,
    };
    return host.addGuest(guest, pick(slaClasses, random));
  });
}

function configOf(names: readonly string[]): Config {
  const hosts = names.map(
    (name) =>
      [
        name,
        {
          uri: `simulated:///${name}`,
          peerUri: `simulated://${name}/system`,
          postCopy: 'allowed',
          maxOutgoing: guestsPerEpisode,
          maxIncoming: guestsPerEpisode,
        },
      ] as const,
  );
  return { ...emptyConfig, hosts: Object.fromEntries(hosts) };
}
