import { expect, test } from 'vitest';
import type { Budget } from '../../src/policy/budget.ts';
import type { Pair } from './cells.ts';
import { costOf, type Figures, forbiddenBecause } from './cost.ts';

const budget: Budget = {
  blackoutMs: 300,
  slowdownShare: 0.1,
  pointOfNoReturn: 'if-recoverable',
  freeze: { kind: 'never' },
  patiencePasses: 3,
  otherwise: 'stay',
};
const asNeeded: Budget = { ...budget, freeze: { kind: 'as-needed' } };
const upTo: Budget = { ...budget, freeze: { kind: 'up-to', ms: 1_000 } };
const closed: Budget = { ...budget, pointOfNoReturn: 'never' };

const petHigh: Pair = { slaClass: 'pet', importance: 'high' };
const pandaMedium: Pair = { slaClass: 'panda', importance: 'medium' };
const cattleLow: Pair = { slaClass: 'cattle', importance: 'low' };

const quiet: Figures = {
  arrived: true,
  totalMs: 2_000,
  blackoutMs: 100,
  lostWorkMs: 50,
  sentBytes: 0,
  postCopy: false,
  throttlePercent: 0,
};

/** Pause (the longer of blackout and lost work), beyond the budget, chance of loss, waiting, staying. */
test.each<[string, Partial<Figures>, Pair, Budget, boolean, number]>([
  ['a pause and a wait', {}, petHigh, budget, true, 100 + 200],
  ['a panda weighs three times as much', {}, pandaMedium, budget, true, 300 + 40],
  ['cattle a third', {}, cattleLow, budget, true, 30 + 10],
  ['lost work beyond the pause', { lostWorkMs: 400 }, petHigh, budget, true, 400 + 200],
  ['over the budget', { blackoutMs: 500 }, petHigh, budget, true, 500 + 400 + 200],
  ['a panda over the budget', { blackoutMs: 500 }, pandaMedium, budget, true, 1500 + 1200 + 40],
  ['frozen as long as needed', { blackoutMs: 500 }, petHigh, asNeeded, true, 500 + 200],
  ['frozen within its limit', { blackoutMs: 900 }, petHigh, upTo, true, 900 + 200],
  ['frozen beyond its limit', { blackoutMs: 1_100 }, petHigh, upTo, true, 1100 + 200 + 200],
  ['post-copy, to be mended', { postCopy: true }, petHigh, budget, true, 100 + 200 + 200],
  ['post-copy, not to be mended', { postCopy: true }, petHigh, budget, false, 100 + 2000 + 200],
  ['a panda by post-copy', { postCopy: true }, pandaMedium, budget, true, 300 + 2000 + 40],
  ['stayed, low', { arrived: false }, cattleLow, budget, true, 30 + 10 + 1_000],
  ['stayed, medium', { arrived: false }, pandaMedium, budget, true, 300 + 40 + 8_000],
  ['stayed, high', { arrived: false }, petHigh, budget, true, 100 + 200 + 40_000],
])('the cost of a run: %s', (_, changes, pair, of, recoverable, cost) => {
  expect(costOf({ ...quiet, ...changes }, pair, of, recoverable)).toBeCloseTo(cost, 6);
});

test.each<[string, Partial<Figures>, Budget, boolean, string | undefined]>([
  ['a short pause', {}, budget, true, undefined],
  ['a long pause', { blackoutMs: 301 }, budget, true, 'pause'],
  ['a long pause where it may freeze', { blackoutMs: 30_000 }, asNeeded, true, undefined],
  ['a pause within the freeze', { blackoutMs: 1_000 }, upTo, true, undefined],
  ['a silence of a guest that stayed', { blackoutMs: 301, arrived: false }, budget, true, 'pause'],
  ['post-copy that can be mended', { postCopy: true }, budget, true, undefined],
  ['post-copy that cannot', { postCopy: true }, budget, false, 'post-copy'],
  ['post-copy where it is closed', { postCopy: true }, closed, true, 'post-copy'],
  ['a throttle within the budget', { throttlePercent: 10 }, budget, true, undefined],
  ['a throttle beyond it', { throttlePercent: 20 }, budget, true, 'throttle'],
])('whether the budget allows %s', (_, changes, of, recoverable, because) => {
  expect(forbiddenBecause({ ...quiet, ...changes }, of, recoverable)).toBe(because);
});
