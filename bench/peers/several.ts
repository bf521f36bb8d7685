import { setTimeout as sleep } from 'node:timers/promises';
import type { Controller } from '../../src/controller/controller.ts';
import type { Config } from '../../src/fleet/config.ts';
import { setTags } from '../../src/migration/tags.ts';
import type { Pair } from '../steering/cells.ts';
import type { Figures } from '../steering/cost.ts';
import type { Felt, Stage, Way } from '../steering/stage.ts';
import { defaultDowntimeMs, runStatic } from '../steering/static-arms.ts';
import { withController } from '../with-controller.ts';
import type { Moved } from './moved.ts';

type AtLeastOne<T> = readonly [T, ...T[]];

interface Watched {
  readonly did: Moved;
  readonly felt: Felt;
}

/** One guest over its way. */
export type MoveOne = () => Promise<Moved>;

/** The way that each guest would take now. */
export function waysOf(stages: AtLeastOne<Stage>): Promise<readonly Way[]> {
  return Promise.all(stages.map((stage) => stage.look(async (way) => way)));
}

/** All guests undisturbed, then moved together; what each did and felt. */
export async function watchAll(
  stages: AtLeastOne<Stage>,
  move: () => Promise<readonly Moved[]>,
): Promise<AtLeastOne<Watched>> {
  let moving: Promise<readonly Moved[]> | undefined;
  const watch = (stage: Stage, index: number): Promise<Watched> =>
    stage.watch(async () => {
      moving ??= move();
      const did = (await moving)[index];
      if (did === undefined) throw new Error('a guest was not moved');
      return did;
    });
  const [first, ...others] = stages;
  const [one, ...rest] = await Promise.all([
    watch(first, 0),
    ...others.map((stage, index) => watch(stage, index + 1)),
  ]);
  return [one, ...rest];
}

/** Brings guests that are elsewhere to where the first one is. */
export async function gather([first, ...others]: AtLeastOne<Stage>): Promise<void> {
  for (const stage of others.filter(({ at }) => at !== first.at)) {
    await stage.play({ does: 'idle', linkMbitPerSecond: gatherMbitPerSecond });
    await stage.watch((way) => runStatic('stop-and-copy', way, way.uuid, gatherLimitMs));
  }
}
const gatherMbitPerSecond = 1_000;
const gatherLimitMs = 60_000;

/** So many at once; each one's time counts from the start of all. */
export async function pooled(moves: readonly MoveOne[], atOnce: number): Promise<readonly Moved[]> {
  const startMs = performance.now();
  const waiting = [...moves.entries()];
  const moved: Moved[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, moveOne] = next;
      const behindMs = performance.now() - startMs;
      const one = await moveOne();
      moved[index] = { ...one, totalMs: behindMs + one.totalMs };
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, moves.length) }, work));
  return moved;
}

/** Drover as its server has it: all are asked for at once, of a controller that knows the link. */
export async function moveByController(
  ways: readonly Way[],
  pair: Pair,
  linkMbitPerSecond: number,
): Promise<readonly Moved[]> {
  const [first] = ways;
  if (first === undefined) return [];
  for (const { vm, uuid, source, config } of ways) {
    await setTags({ vm, host: source.name }, { slaClass: pair.slaClass }, config);
    await source.setMaxDowntime(uuid, defaultDowntimeMs);
  }
  return withController(onLink(first.config, linkMbitPerSecond), (controller) =>
    Promise.all(ways.map((way) => moveOneOf(controller, way, pair))),
  );
}

function onLink(config: Config, linkMbitPerSecond: number): Config {
  const bandwidth = (linkMbitPerSecond * 1e6) / 8;
  const hosts = Object.entries(config.hosts).map(([name, host]) => [name, { ...host, bandwidth }]);
  return { ...config, hosts: Object.fromEntries(hosts) };
}

const lookEveryMs = 50;

async function moveOneOf(
  controller: Controller,
  { vm, uuid, source, destination }: Way,
  { importance }: Pair,
): Promise<Moved> {
  const asked = { vm, from: source.name, to: destination.name, importance };
  let { row } = await controller.migrate(asked, { who: 'bench', from: 'local' });
  while (row.endedAt === undefined) {
    await sleep(lookEveryMs);
    row = await controller.find(row.id);
  }
  const { samples } = await controller.recording(row.id);
  const completed = await destination.readCompletedJob(uuid);
  const totalMs = row.endedAt - row.requestedAt;
  return { totalMs, samples, sentBytes: completed?.sentBytes };
}

/** Of several guests: until the last was across, and what the one suffered that suffered most. */
export function together(all: readonly Figures[]): Figures {
  const most = (of: (figures: Figures) => number): number => Math.max(...all.map(of));
  return {
    arrived: all.every(({ arrived }) => arrived),
    totalMs: most(({ totalMs }) => totalMs),
    blackoutMs: most(({ blackoutMs }) => blackoutMs),
    lostWorkMs: most(({ lostWorkMs }) => lostWorkMs),
    sentBytes: all.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    postCopy: all.some(({ postCopy }) => postCopy),
    throttlePercent: most(({ throttlePercent }) => throttlePercent),
  };
}
