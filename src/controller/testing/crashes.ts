import { setTimeout as realPause } from 'node:timers/promises';
import { randomFrom } from '../../hypervisor/simulated-random.ts';
import type { Importance, SlaClass } from '../../policy/vocabulary.ts';
import { type MigrationRow, unended } from '../../store/rows.ts';
import { makeController } from '../make.ts';
import { mortal } from './mortal.ts';
import { me, type Stage, setStage, type tempers } from './stage.ts';

/** Leases end on the machine's own clock, while simulated time flies. */
const times = { ttlMs: 150, marginMs: 20 };
const longestLifeMs = 12_000;

interface Actor {
  readonly name: string;
  readonly temper: keyof typeof tempers;
  readonly slaClass: SlaClass;
  readonly importance: Importance;
}

const actors: readonly Actor[] = (['idle', 'furious'] as const).flatMap((temper) =>
  (['cattle', 'panda'] as const).flatMap((slaClass) =>
    (['low', 'high'] as const).map((importance) => ({
      name: `${temper}-${slaClass}-${importance}`,
      temper,
      slaClass,
      importance,
    })),
  ),
);

/** What came of killing the controller again and again. */
export interface Crashed {
  readonly kills: number;
  readonly migrations: readonly MigrationRow[];
  /** What is not as it was told, in words. */
  readonly wrong: readonly string[];
  /** VMs for which more migrations were begun at a host than the store has begun. */
  readonly twice: readonly string[];
  readonly unsteered: readonly string[];
  /** In which phases migrations were when their controller died. */
  readonly killedIn: Readonly<Record<string, number>>;
}

/**
 * Simulated hosts, a real store in a file. The controller dies at moments that follow from the
 * seed, another one begins, and whoever stands still is asked to move; at last one lives on.
 */
export async function crash(kills: number, seed: number): Promise<Crashed> {
  const stage = await setStage(['h1', 'h2', 'h3']);
  try {
    for (const { name, temper, slaClass } of actors) stage.addGuest(name, temper, slaClass);
    const begun = countBegun(stage);
    const random = randomFrom(seed);
    const killedIn: Record<string, number> = {};
    for (let kill = 0; kill < kills; kill += 1) {
      await live(stage, kill, random() * longestLifeMs);
      for (const { phase } of await underWay(stage)) killedIn[phase] = (killedIn[phase] ?? 0) + 1;
      await realPause(times.ttlMs + 20);
    }
    await liveOn(stage);
    const { items } = await stage.store.migrations.list({}, { limit: 10_000 });
    return {
      kills,
      migrations: items,
      wrong: actors.flatMap(({ name }) => wrongOf(stage, name, items)),
      twice: actors.flatMap(({ name }) => {
        const known = items.filter(({ vm, startedAt }) => vm === name && startedAt !== undefined);
        return (begun.get(name) ?? 0) > known.length ? [name] : [];
      }),
      unsteered: (await underWay(stage)).map(({ id }) => id),
      killedIn,
    };
  } finally {
    await stage.end();
  }
}

async function live(stage: Stage, life: number, forMs: number): Promise<void> {
  const body = mortal(stage.store, stage.world);
  const { store, world } = body;
  const { config } = stage;
  const name = `life-${life}`;
  const controller = makeController({ store, world, config, name, scope: 'all', times, log });
  void controller.start();
  await askAgain(stage);
  await stage.clock.run(stage.clock.sleep(forMs));
  body.die();
}

/** What a log would have does not matter to whoever is dead. */
function log(): void {}

async function liveOn(stage: Stage): Promise<void> {
  const controller = stage.controller({ times: { ttlMs: 60_000, marginMs: 1_000 } });
  await controller.start();
  for (const { id } of await underWay(stage)) await stage.ended(id);
}

/** Every guest that does not move is asked to move on. */
async function askAgain(stage: Stage): Promise<void> {
  const moving = new Set((await underWay(stage)).map(({ vm }) => vm));
  const asker = stage.controller({ scope: 'own' });
  for (const { name, importance } of actors) {
    const [from] = placesOf(stage, name);
    if (moving.has(name) || from === undefined) continue;
    const to = { h1: 'h2', h2: 'h3', h3: 'h1' }[from];
    if (to !== undefined) await asker.migrate({ vm: name, from, to, importance }, me);
  }
}

async function underWay({ store }: Stage): Promise<readonly MigrationRow[]> {
  return (await store.migrations.list({ phases: unended }, { limit: 1_000 })).items;
}

/** Where the guest really runs, whatever anybody hears of it. */
function placesOf(stage: Stage, name: string): readonly string[] {
  return ['h1', 'h2', 'h3'].filter(
    (host) => stage.host(host).register.find(name)?.state.state === 'running',
  );
}

function wrongOf(stage: Stage, name: string, all: readonly MigrationRow[]): readonly string[] {
  const [latest] = all.filter(({ vm }) => vm === name);
  const places = placesOf(stage, name);
  if (latest === undefined) return [];
  const told = latest.phase === 'completed' ? latest.to : latest.from;
  const known: readonly string[] = ['completed', 'stayed', 'aborted', 'failed-safe'];
  if (known.includes(latest.phase) && places.length === 1 && places[0] === told) return [];
  return [`${latest.id} of ${name}, ${latest.phase}: it runs on ${places.join(' and ') || 'none'}`];
}

/** How many migrations of each VM hosts were told to begin. */
function countBegun(stage: Stage): ReadonlyMap<string, number> {
  const begun = new Map<string, number>();
  for (const name of ['h1', 'h2', 'h3']) {
    const host = stage.host(name);
    const migrate = host.migrate.bind(host);
    host.migrate = (uuid, options) => {
      const vm = host.register.get(uuid)?.guest.name ?? uuid;
      begun.set(vm, (begun.get(vm) ?? 0) + 1);
      return migrate(uuid, options);
    };
  }
  return begun;
}
