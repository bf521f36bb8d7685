/** Drover's steering beside every static mechanism, and the best of them in hindsight; see README.md. */
import { parseArgs } from 'node:util';
import { type Arm, armName, runArm } from './arms.ts';
import { gridOf, type Pair, pairsIn, parseFilter, type Scene } from './cells.ts';
import type { Figures } from './cost.ts';
import { keepRun, type RunKey, readKept } from './kept.ts';
import { type Cell, cellsOf, verdictOf } from './regret.ts';
import { cellTable, differenceTable, summaryTable, verdictLine } from './report.ts';
import { randomFrom, shuffled } from './shuffle.ts';
import { type Harm, Stage } from './stage.ts';
import { type StaticArmName, staticArmNames } from './static-arms.ts';

const { values } = parseArgs({
  options: {
    cells: { type: 'string', default: 'full' },
    quick: { type: 'boolean', default: false },
    suite: { type: 'string', default: 'forky' },
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    seed: { type: 'string', default: '1' },
    record: { type: 'string' },
    'statics-from': { type: 'string' },
  },
});
const size = values.quick || values.cells === 'quick' ? 'quick' : 'full';
const filters = values.only.map(parseFilter);
const grid = gridOf(size, filters);
const rounds = values.rounds === undefined ? grid.rounds : Number(values.rounds);
const suites = values.suite === 'both' ? ['forky', 'trixie'] : [values.suite];
const random = randomFrom(Number(values.seed));
const harms: Harm[] = [];

async function runSuite(suite: string): Promise<Cell[]> {
  const stage = await Stage.set(suite);
  const cells: Cell[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const scene of grid.scenes) {
        for (const cell of await playScene(stage, round, scene)) {
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

/** All arms in one scene, in an order that chance gives. */
async function playScene(stage: Stage, round: number, scene: Scene): Promise<readonly Cell[]> {
  const { suite, postCopyRecoverable } = stage;
  const statics: { name: StaticArmName; figures: Figures }[] = [];
  const drover: { pair: Pair; figures: Figures }[] = [];
  for (const arm of shuffled(armsIn(scene), random)) {
    const figures = await figuresOf(stage, { suite, round, scene, arm });
    if (arm.kind === 'static') statics.push({ name: arm.name, figures });
    else drover.push({ pair: arm.pair, figures });
  }
  return cellsOf({ suite, round, scene, postCopyRecoverable, statics, drover });
}

function armsIn(scene: Scene): readonly Arm[] {
  return [
    ...staticArmNames.map((name) => ({ kind: 'static', name }) as const),
    ...pairsIn(scene, grid.pairs, filters).map((pair) => ({ kind: 'drover', pair }) as const),
  ];
}

async function figuresOf(stage: Stage, key: RunKey): Promise<Figures> {
  const { 'statics-from': staticsFrom, record } = values;
  if (key.arm.kind === 'static' && staticsFrom !== undefined) {
    const figures = await readKept(staticsFrom, key);
    if (figures !== undefined) return figures;
  }
  const run = await runArm(stage, key.scene, key.arm);
  const { workload, linkMbitPerSecond } = key.scene;
  const where = `${key.suite}, ${workload}/${linkMbitPerSecond}, ${armName(key.arm)}`;
  if (run.harm !== undefined) tellHarm(run.harm, where);
  tellProgress(where, run.figures);
  if (record !== undefined) await keepRun(record, key, run);
  return run.figures;
}

function tellProgress(where: string, figures: Figures): void {
  const { arrived, totalMs, blackoutMs, lostWorkMs } = figures;
  const [took, silent, lost] = [totalMs, blackoutMs, lostWorkMs].map(Math.round);
  const how = arrived ? 'arrived' : 'stayed';
  console.error(`${where}: ${how}, ${took} ms, blackout ${silent} ms, lost work ${lost} ms`);
}

function tellHarm(harm: Harm, where: string): void {
  harms.push(harm);
  console.log(`**${harm.kind}**: ${where}: ${harm.message}\n`);
}

const cells: Cell[] = [];
for (const suite of suites) {
  const ofSuite = await runSuite(suite);
  console.log(summaryTable(ofSuite));
  cells.push(...ofSuite);
}
if (values.suite === 'both') console.log(differenceTable(cells, ['forky', 'trixie']));
const lost = harms.filter(({ kind }) => kind === 'lost').length;
const corrupt = harms.filter(({ kind }) => kind === 'corrupt').length;
console.log(verdictLine(verdictOf(cells), { lost, corrupt }));
if (lost + corrupt > 0) process.exitCode = 1;
