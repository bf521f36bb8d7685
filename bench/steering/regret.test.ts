import { expect, test } from 'vitest';
import { gridOf, type Pair, parseFilter } from './cells.ts';
import type { Figures } from './cost.ts';
import { type Cell, cellsOf, type SceneRuns, verdictOf } from './regret.ts';

const run: Figures = {
  arrived: true,
  totalMs: 1_000,
  blackoutMs: 100,
  lostWorkMs: 100,
  sentBytes: 0,
  postCopy: false,
  throttlePercent: 0,
};

const petHigh: Pair = { slaClass: 'pet', importance: 'high' };
const pandaMedium: Pair = { slaClass: 'panda', importance: 'medium' };

function runs(pair: Pair, ours: Partial<Figures>): SceneRuns {
  return {
    suite: 'forky',
    round: 0,
    scene: { workload: 'busy', linkMbitPerSecond: 125 },
    postCopyRecoverable: true,
    statics: [
      { name: 'pre-copy', figures: { ...run, arrived: false, totalMs: 9_000 } },
      { name: 'auto-converge', figures: { ...run, lostWorkMs: 5_000, throttlePercent: 99 } },
      { name: 'post-copy', figures: { ...run, postCopy: true } },
      { name: 'stop-and-copy', figures: { ...run, blackoutMs: 1_900, lostWorkMs: 1_900 } },
    ],
    drover: [{ pair, figures: { ...run, ...ours } }],
  };
}

function only(cells: readonly Cell[]): Cell {
  const [cell, ...others] = cells;
  if (cell === undefined || others.length > 0) throw new Error('one cell was meant');
  return cell;
}

test('a pet in a hurry is compared with post-copy', () => {
  const cell = only(cellsOf(runs(petHigh, { blackoutMs: 200 })));
  expect(cell.name).toBe('busy/125/pet-high');
  expect(cell.oracle.name).toBe('post-copy');
  expect(cell.oracle.cost).toBeCloseTo(100 + 200 + 100, 6);
  expect(cell.drover.cost).toBeCloseTo(200 + 100, 6);
  expect(cell.regret).toBeCloseTo(0.75, 6);
});

test('a panda that nothing moves within its budget is compared with staying', () => {
  const cell = only(cellsOf(runs(pandaMedium, { arrived: false, totalMs: 5_000 })));
  expect(cell.oracle).toMatchObject({ name: 'stay', cost: 8_000 });
  expect(cell.cheapest.name).toBe('post-copy');
  expect(cell.cheapest.forbidden).toBe('post-copy');
  expect(cell.regret).toBeCloseTo((8_000 + 100 + 300) / 8_000, 6);
  expect(cell.regretToAll).toBeGreaterThan(cell.regret);
});

test('who must finish is not compared with staying', () => {
  const { rivals } = only(cellsOf(runs(petHigh, {})));
  expect(rivals.find(({ name }) => name === 'stay')?.forbidden).toBe('must finish');
});

test('the verdict', () => {
  const halved = only(cellsOf(runs(petHigh, { totalMs: 0, blackoutMs: 200 })));
  const doubled = only(cellsOf(runs(petHigh, { totalMs: 7_000 })));
  const verdict = verdictOf([halved, doubled]);
  expect(halved.regret).toBeCloseTo(0.5, 6);
  expect(doubled.regret).toBeCloseTo(2, 6);
  expect(verdict.cells).toBe(2);
  expect(verdict.mean).toBeCloseTo(1, 6);
  expect(verdict.withoutWins).toBeCloseTo(Math.SQRT2, 6);
  expect(verdict.sum).toBeCloseTo(1_000 / 800, 6);
  expect(verdict.worst).toBeCloseTo(2, 6);
});

test.each([
  [[], 6],
  [['busy'], 2],
  [['busy/125'], 1],
  [['*/125/pet-high'], 3],
  [['busy/125', 'below/300/panda-medium'], 2],
  [['busy/125/panda-low'], 0],
])('the scenes that fit %j', (texts, scenes) => {
  expect(gridOf('quick', texts.map(parseFilter)).scenes).toHaveLength(scenes);
});
