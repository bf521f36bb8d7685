/** Drover's steering beside every static mechanism, and the best of them in hindsight; see README.md. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Sample } from '../../src/forecast/telemetry.ts';
import { migrateVm } from '../../src/migration/service.ts';
import { setTags } from '../../src/migration/tags.ts';
import {
  gridOf,
  guestMemoryBytes,
  type Pair,
  pairName,
  pairsIn,
  parseFilter,
  type Scene,
  workloads,
} from './cells.ts';
import type { Figures } from './cost.ts';
import { type Cell, cellsOf, type SceneRuns, verdictOf } from './regret.ts';
import { cellTable, differenceTable, summaryTable, verdictLine } from './report.ts';
import { type Random, randomFrom, shuffled } from './shuffle.ts';
import { type Harm, Stage, type Way } from './stage.ts';
import { defaultDowntimeMs, runStatic, type StaticArmName, staticArmNames } from './static-arms.ts';

const { values } = parseArgs({
  options: {
    cells: { type: 'string', default: 'full' },
    quick: { type: 'boolean', default: false },
    suite: { type: 'string', default: 'forky' },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    record: { type: 'string' },
  },
});
const size = values.quick || values.cells === 'quick' ? 'quick' : 'full';
const filters = values.only.map(parseFilter);
const grid = gridOf(size, filters);
const suites = values.suite === 'both' ? (['forky', 'trixie'] as const) : [values.suite];

/** A static arm that has not ended after so many passes over the memory and so long is cancelled. */
const limitPasses = 3;
const limitBesidesMs = 7_000;
/** Drover decides for itself when to give up; this is for when it does not. */
const droverLimitMs = 180_000;

type Arm =
  | { readonly kind: 'static'; readonly name: StaticArmName }
  | { readonly kind: 'drover'; readonly pair: Pair };

interface Run {
  readonly arm: Arm;
  readonly figures: Figures;
  readonly samples: readonly Sample[];
}

const harms: Harm[] = [];

async function runSuite(suite: string, random: Random): Promise<Cell[]> {
  const stage = await Stage.set(suite);
  const cells: Cell[] = [];
  try {
    for (let round = 0; round < grid.rounds; round += 1) {
      for (const scene of grid.scenes) {
        const played = await playScene(stage, round, scene, random);
        for (const cell of cellsOf(played)) {
          cells.push(cell);
          console.log(cellTable(cell));
        }
      }
    }
    const harm = await stage.checkWhole();
    if (harm !== undefined) tellHarm(harm, `${suite}, at the end`);
  } finally {
    await stage.down();
  }
  return cells;
}

async function playScene(
  stage: Stage,
  round: number,
  scene: Scene,
  random: Random,
): Promise<SceneRuns> {
  const arms: readonly Arm[] = [
    ...staticArmNames.map((name) => ({ kind: 'static', name }) as const),
    ...pairsIn(scene, grid.pairs, filters).map((pair) => ({ kind: 'drover', pair }) as const),
  ];
  const statics: { name: StaticArmName; figures: Figures }[] = [];
  const drover: { pair: Pair; figures: Figures }[] = [];
  for (const arm of shuffled(arms, random)) {
    const run = await measure(stage, scene, arm);
    await keep(stage.suite, round, scene, run);
    if (arm.kind === 'static') statics.push({ name: arm.name, figures: run.figures });
    else drover.push({ pair: arm.pair, figures: run.figures });
  }
  const { suite, postCopyRecoverable } = stage;
  return { suite, round, scene, postCopyRecoverable, statics, drover };
}

async function measure(stage: Stage, scene: Scene, arm: Arm): Promise<Run> {
  await stage.play(scene);
  const { did, felt } = await stage.watch((way) =>
    arm.kind === 'static' ? byStatic(way, scene, arm.name) : byDrover(way, arm.pair),
  );
  const label = `${stage.suite}, ${scene.workload}/${scene.linkMbitPerSecond}, ${armName(arm)}`;
  if (felt.harm !== undefined) tellHarm(felt.harm, label);
  const { arrived, blackoutMs, lostWorkMs } = felt;
  const last = did.samples.at(-1);
  const figures = {
    arrived,
    totalMs: did.totalMs,
    blackoutMs,
    lostWorkMs,
    sentBytes: did.sentBytes ?? last?.memorySentBytes ?? 0,
    postCopy: did.samples.some(({ phase }) => phase === 'post-copy'),
    throttlePercent: Math.max(0, ...did.samples.map(({ throttlePercent }) => throttlePercent)),
  };
  const way = arrived ? 'arrived' : 'stayed';
  console.error(
    `${label}: ${way}, ${Math.round(did.totalMs)} ms, blackout ${Math.round(blackoutMs)} ms, lost ${Math.round(lostWorkMs)} ms`,
  );
  return { arm, figures, samples: did.samples };
}

interface Did {
  readonly totalMs: number;
  readonly samples: readonly Sample[];
  readonly sentBytes: number | undefined;
}

async function byStatic(way: Way, scene: Scene, name: StaticArmName): Promise<Did> {
  const passMs = (guestMemoryBytes * 8 * 1000) / (scene.linkMbitPerSecond * 1e6);
  const limitMs = limitPasses * passMs + limitBesidesMs;
  const run = await runStatic(name, way, way.uuid, limitMs);
  const completed = await way.destination.readCompletedJob(way.uuid).catch(() => undefined);
  return { ...run, sentBytes: completed?.sentBytes };
}

async function byDrover(way: Way, { slaClass, importance }: Pair): Promise<Did> {
  const { vm, source, destination, config } = way;
  await setTags({ vm, host: source.name }, { slaClass }, config);
  await source.setMaxDowntime(way.uuid, defaultDowntimeMs);
  const startMs = performance.now();
  const result = await migrateVm(
    { vm, from: source.name, to: destination.name, importance },
    config,
    {
      onEvent: () => undefined,
      signal: abortAfter(droverLimitMs),
    },
  );
  return {
    totalMs: performance.now() - startMs,
    samples: result.telemetry,
    sentBytes: result.sentBytes,
  };
}

function abortAfter(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort('abort'), ms).unref();
  return controller.signal;
}

function armName(arm: Arm): string {
  return arm.kind === 'static' ? arm.name : `drover-${pairName(arm.pair)}`;
}

function tellHarm(harm: Harm, where: string): void {
  harms.push(harm);
  console.log(`**${harm.kind}**: ${where}: ${harm.message}\n`);
}

/** Keeps a run's telemetry and figures, where that was asked for. */
async function keep(suite: string, round: number, scene: Scene, run: Run): Promise<void> {
  if (values.record === undefined) return;
  await mkdir(values.record, { recursive: true });
  const parts = [suite, scene.linkMbitPerSecond, scene.workload, armName(run.arm), round + 1];
  const kept = {
    suite,
    ...scene,
    workloadText: workloads[scene.workload],
    guestMemoryBytes,
    ...run,
  };
  await writeFile(join(values.record, `${parts.join('-')}.json`), JSON.stringify(kept));
}

const random = randomFrom(Number(values.seed));
const cells: Cell[] = [];
for (const suite of suites) {
  const ofSuite = await runSuite(suite, random);
  console.log(summaryTable(ofSuite));
  cells.push(...ofSuite);
}
if (values.suite === 'both') console.log(differenceTable(cells, ['forky', 'trixie']));
const lost = harms.filter(({ kind }) => kind === 'lost').length;
const corrupt = harms.filter(({ kind }) => kind === 'corrupt').length;
console.log(verdictLine(verdictOf(cells), { lost, corrupt }));
if (lost + corrupt > 0) process.exitCode = 1;
