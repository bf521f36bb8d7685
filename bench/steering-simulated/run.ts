/** Steered migrations in the simulator, all in some ten seconds: what a change of the steering does; see README.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { setStage } from '../../src/migration/testing/steered.ts';
import { budgetFor } from '../../src/policy/budget-for.ts';
import { geometricMean } from '../averages.ts';
import { type Pair, pairName } from '../steering/cells.ts';
import { costOf, type Figures } from '../steering/cost.ts';
import { carriedShare } from '../steering/link-check.ts';
import {
  guestOf,
  linksMbitPerSecond,
  type Pattern,
  pairs,
  patterns,
  type Suite,
  suites,
} from './scenes.ts';
import { figuresSteered } from './steered.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    keep: { type: 'string' },
    beside: { type: 'string' },
    rows: { type: 'string', default: '12' },
  },
});
const seeds = values.quick ? 1 : 4;

interface Cell {
  readonly suite: string;
  readonly scene: string;
  readonly pair: string;
  /** In the mean over the seeds. */
  readonly cost: number;
  /** Of the first seed. */
  readonly figures: Figures;
}

function simulate(
  { syncMs, setupMs }: Suite,
  carriedBytesPerSecond: number,
  writes: Parameters<typeof guestOf>[0],
  pair: Pair,
  seed: number,
): Promise<Figures> {
  const noise = { linkShare: 0.05, callMs: 2, seed };
  const settings = { linkBytesPerSecond: carriedBytesPerSecond, syncMs, setupMs, callMs: 1, noise };
  return figuresSteered(setStage(settings, guestOf(writes), pair.slaClass), pair);
}

async function cellOf(
  suite: Suite,
  linkMbitPerSecond: number,
  [name, writesOf]: readonly [name: string, Pattern],
  pair: Pair,
): Promise<Cell> {
  const carried = ((linkMbitPerSecond * 1e6) / 8) * carriedShare;
  const all: Figures[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const writes = writesOf(carried, (seed * 2_311) % 7_000);
    all.push(await simulate(suite, carried, writes, pair, seed));
  }
  const [figures] = all;
  if (figures === undefined) throw new Error('nothing was simulated');
  const budget = budgetFor(pair.slaClass, pair.importance);
  const costs = all.map((one) => costOf(one, pair, budget, true));
  const cost = costs.reduce((sum, one) => sum + one, 0) / costs.length;
  return {
    suite: suite.suite,
    scene: `${name}/${linkMbitPerSecond}`,
    pair: pairName(pair),
    cost,
    figures,
  };
}

async function allCells(): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const suite of suites)
    for (const link of linksMbitPerSecond)
      for (const named of Object.entries(patterns))
        for (const pair of pairs) cells.push(await cellOf(suite, link, named, pair));
  return cells;
}

function told({ arrived, totalMs, blackoutMs, lostWorkMs, postCopy }: Figures): string {
  const [total, blackout, lost] = [totalMs, blackoutMs, lostWorkMs].map(Math.round);
  const how = postCopy ? 'post-copy' : 'pre-copy';
  return `${arrived ? how : 'stayed'}, ${total} / ${blackout} / ${lost} ms`;
}

interface Kept {
  readonly seeds: number;
  readonly cells: readonly Cell[];
}

interface Met {
  readonly before: Cell;
  readonly now: Cell;
  /** What it costs now over what it cost before. */
  readonly ratio: number;
}

function meet(before: readonly Cell[], now: readonly Cell[]): readonly Met[] {
  const keyOf = ({ suite, scene, pair }: Cell): string => `${suite}, ${scene}, ${pair}`;
  const known = new Map(before.map((cell) => [keyOf(cell), cell]));
  return now.flatMap((cell) => {
    const one = known.get(keyOf(cell));
    return one === undefined ? [] : [{ before: one, now: cell, ratio: cell.cost / one.cost }];
  });
}

function showMet(met: readonly Met[]): void {
  const sorted = met.toSorted((a, b) => a.ratio - b.ratio);
  const most = Number(values.rows);
  const ends = [...new Set([...sorted.slice(0, most), ...sorted.slice(-most)])];
  console.log('| cell | cost then | now | time / pause / lost work then | now |');
  console.log('|---|---|---|---|---|');
  for (const { before, now, ratio } of ends) {
    if (Math.abs(ratio - 1) < 0.02) continue;
    const { suite, scene, pair } = now;
    const costs = `${Math.round(before.cost)} | ${Math.round(now.cost)}`;
    console.log(
      `| ${suite}, ${scene}, ${pair} | ${costs} | ${told(before.figures)} | ${told(now.figures)} |`,
    );
  }
}

const cells = await allCells();
if (values.keep !== undefined) await writeFile(values.keep, JSON.stringify({ seeds, cells }));
const groups = Map.groupBy(cells, ({ suite, pair }) => `${suite} | ${pair}`);
if (values.beside === undefined) {
  console.log('| suite | whose | mean cost |');
  console.log('|---|---|---|');
  for (const [name, ones] of groups)
    console.log(`| ${name} | ${Math.round(geometricMean(ones.map(({ cost }) => cost)))} |`);
  console.log(
    `cells ${cells.length} cost ${geometricMean(cells.map(({ cost }) => cost)).toFixed(0)}`,
  );
} else {
  const before: Kept = JSON.parse(await readFile(values.beside, 'utf8'));
  if (before.seeds !== seeds) throw new Error(`${values.beside} is of ${before.seeds} seeds`);
  const met = meet(before.cells, cells);
  showMet(met);
  console.log('\n| suite | whose | cost now over then |');
  console.log('|---|---|---|');
  for (const [name, ones] of Map.groupBy(met, ({ now }) => `${now.suite} | ${now.pair}`))
    console.log(`| ${name} | ${geometricMean(ones.map(({ ratio }) => ratio)).toFixed(3)} |`);
  console.log(
    `cells ${met.length} ratio ${geometricMean(met.map(({ ratio }) => ratio)).toFixed(3)}`,
  );
}
