import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { realWorld } from '../../src/controller/world.ts';
import { takeCensus } from '../../src/demo/census.ts';
import { randomFrom } from '../../src/hypervisor/simulated-random.ts';
import { addGuest, analyse, parseWorkload, watchGuest } from '../../src/lab/guest/index.ts';
import { createLab, type Lab } from '../../src/lab/index.ts';
import type { Importance, SlaClass } from '../../src/policy/vocabulary.ts';
import { openStore } from '../../src/store/open.ts';
import { type MigrationRow, unended } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';

const mib = 2 ** 20;
/** Some three seconds for a whole pass over the memory of one guest that has the link for itself. */
const linkBits = 300e6;
/** A controller that has just begun is killed as often as one that steers. */
const longestLifeMs = 9_000;
/** What nobody steers must have been taken up again, and have ended, within this time. */
const longestPeaceMs = 180_000;

interface Actor {
  readonly name: string;
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly workload: string;
}

const actors: readonly Actor[] = [
  {
    name: 'quiet',
    slaClass: 'panda',
    importance: 'medium',
    workload: 'random:rate=1MiB/s,set=4MiB,scrub=2s',
  },
  {
    name: 'furious',
    slaClass: 'cattle',
    importance: 'high',
    workload: 'random:rate=80MiB/s,set=64MiB,scrub=2s',
  },
  {
    name: 'stubborn',
    slaClass: 'panda',
    importance: 'low',
    workload: 'random:rate=80MiB/s,set=64MiB,scrub=2s',
  },
];

/** What came of killing the controller of real migrations, again and again. */
export interface Crashed {
  readonly kills: number;
  readonly migrations: readonly MigrationRow[];
  /** What is not as it was told, in words. */
  readonly wrong: readonly string[];
  /** Ids of those that were begun more than once, or never ended. */
  readonly startedTwice: readonly string[];
  readonly unsteered: readonly string[];
  /** In which phases migrations were when their controller was killed. */
  readonly killedIn: Readonly<Record<string, number>>;
}

/** Kills `drover serve` so many times, at moments that follow from the seed, on a real lab. */
export async function crashOnLab(dir: string, kills: number, seed: number): Promise<Crashed> {
  const lab = await createLab({ dir, hosts: 2, link: linkBits });
  const files = join(dir, 'controller');
  await mkdir(files);
  const config = join(files, 'config.yaml');
  await writeFile(config, configText(lab));
  const database = join(files, 'drover.db');
  const store = await openStore({ kind: 'sqlite', path: database });
  const begin = (): ChildProcess =>
    fork(new URL('lab-service.ts', import.meta.url), [config, database, join(files, 's')], {
      stdio: 'ignore',
    });
  let controller: ChildProcess | undefined;
  try {
    for (const { name, slaClass, workload } of actors)
      await addGuest(lab.host('h1'), {
        name,
        class: slaClass,
        kind: 'beat',
        memoryBytes: 96 * mib,
        workload: parseWorkload(workload),
      });
    const watchers = actors.map(({ name }) => watchGuest(lab.hosts, name));
    const startMs = performance.now();
    const killedIn: Record<string, number> = {};
    const random = randomFrom(seed);
    for (let kill = 0; kill < kills; kill += 1) {
      await askAgain(lab, store);
      controller = begin();
      await pause(random() * longestLifeMs);
      await killNow(controller);
      for (const { phase } of await live(store)) killedIn[phase] = (killedIn[phase] ?? 0) + 1;
    }
    controller = begin();
    await untilPeace(store);
    await pause(4_000);
    const untilMs = performance.now();
    const census = await takeCensus(lab);
    const all = await everything(store);
    const wrong = [
      ...all.flatMap((row) => wrongOutcome(row, all, census)),
      ...watchers.flatMap((watcher, index) => {
        const report = analyse(watcher.log, { startMs, endMs: untilMs, untilMs });
        const { integrity, onePlace } = report;
        return integrity === 'ok' && onePlace === 'ok'
          ? []
          : [`${actors[index]?.name}: integrity ${integrity}, one place ${onePlace}`];
      }),
    ];
    for (const watcher of watchers) watcher.stop();
    const events = await store.events.after(0, 100_000);
    const begun = (id: string): number =>
      events.filter(({ type, subject }) => type === 'migration.began' && subject === id).length;
    return {
      kills,
      migrations: all,
      wrong,
      startedTwice: all.filter(({ id }) => begun(id) > 1).map(({ id }) => id),
      unsteered: (await live(store)).map(({ id }) => id),
      killedIn,
    };
  } finally {
    if (controller !== undefined) await killNow(controller);
    await store.close();
    await lab.down();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Every guest that does not move is asked to move to the other host. */
async function askAgain(lab: Lab, store: Store): Promise<void> {
  const moving = new Set((await live(store)).map(({ vm }) => vm));
  const census = await takeCensus(lab);
  for (const { name, importance } of actors) {
    const [from] = census.get(name) ?? [];
    if (moving.has(name) || from === undefined) continue;
    const id = realWorld.newId();
    const at = realWorld.wallMs();
    const asked = { vm: name, from, to: from === 'h1' ? 'h2' : 'h1', importance };
    const rest = { reason: undefined, deadlineAt: undefined, operationId: undefined };
    await store.migrations.create(
      {
        id,
        origin: 'request',
        ...asked,
        ...rest,
        requestedBy: 'test',
        requestedAt: at,
        requestKey: id,
      },
      { at, type: 'migration.queued', subject: id, data: asked },
    );
  }
}

/** The last migration of a guest says where it is. */
function wrongOutcome(
  { id, vm, phase, from, to }: MigrationRow,
  all: readonly MigrationRow[],
  census: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const allowed: readonly string[] = ['completed', 'stayed', 'aborted', 'failed-safe'];
  if (!allowed.includes(phase)) return [`${id} of ${vm} ended as ${phase}`];
  if (all.some((other) => other.vm === vm && other.id > id)) return [];
  const told = phase === 'completed' ? to : from;
  const found = census.get(vm) ?? [];
  return found.length === 1 && found[0] === told
    ? []
    : [`${id} says that ${vm} runs on ${told}: it runs on ${found.join(' and ') || 'none'}`];
}

async function live(store: Store): Promise<readonly MigrationRow[]> {
  return (await store.migrations.list({ phases: unended }, { limit: 500 })).items;
}

async function everything(store: Store): Promise<readonly MigrationRow[]> {
  return (await store.migrations.list({}, { limit: 500 })).items;
}

async function untilPeace(store: Store): Promise<void> {
  const untilMs = performance.now() + longestPeaceMs;
  while (performance.now() < untilMs) {
    if ((await live(store)).length === 0) return;
    await pause(500);
  }
}

async function killNow(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** These hosts have no certificates: who dies between a start by TLS in vain and the next has not begun anything. */
function configText(lab: Lab): string {
  const lines = lab.hosts.map(
    ({ name, uri, peerUri }) =>
      `  ${name}: { uri: '${uri}', peerUri: '${peerUri}', migrationTls: never, compression: forbidden }\n`,
  );
  return `hosts:\n${lines.join('')}`;
}
