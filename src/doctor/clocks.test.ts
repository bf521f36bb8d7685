import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { between, clockFindings, skewOf } from './clocks.ts';

test('the quickest reading counts, beside the middle of its round trip', () => {
  const slow = { askedMs: 1_000, hostMs: 1_900, heardMs: 2_000 };
  const quick = { askedMs: 3_000, hostMs: 4_502, heardMs: 3_010 };
  expect(skewOf([slow, quick])).toEqual({ aheadMs: 1_497, uncertaintyMs: 5 });
  expect(skewOf([])).toBeUndefined();
});

test('the true skew lies within the uncertainty, wherever on the way the host looked at its clock', () => {
  const ms = fc.integer({ min: 0, max: 5_000 });
  const skew = fc.integer({ min: -100_000, max: 100_000 });
  fc.assert(
    fc.property(skew, fc.array(fc.tuple(ms, ms), { minLength: 1 }), (trueMs, roundTrips) => {
      const readings = roundTrips.map(([thereMs, backMs], index) => {
        const askedMs = index * 20_000;
        const hostMs = askedMs + thereMs + trueMs;
        return { askedMs, hostMs, heardMs: askedMs + thereMs + backMs };
      });
      const found = skewOf(readings);
      const off = Math.abs((found?.aheadMs ?? Infinity) - trueMs);
      expect(off).toBeLessThanOrEqual(found?.uncertaintyMs ?? 0);
    }),
  );
});

test('between two hosts uncertainties add up', () => {
  const [first, second] = [
    { aheadMs: 40, uncertaintyMs: 3 },
    { aheadMs: -20, uncertaintyMs: 4 },
  ];
  expect(between(first, second)).toEqual({ aheadMs: 60, uncertaintyMs: 7 });
});

function skewed(...aheadMs: readonly number[]) {
  const uncertaintyMs = 4;
  return clockFindings(
    aheadMs.map((ms, index) => ({ host: `h${index + 1}`, skew: { aheadMs: ms, uncertaintyMs } })),
  ).map(({ severity, where, message }) => `${severity} ${where}: ${message}`);
}

test('clocks that agree', () => {
  expect(skewed(3, -2)).toEqual([
    "ok h1: its clock is 3 ms (± 4 ms) ahead of this machine's",
    "ok h2: its clock is 2 ms (± 4 ms) behind this machine's",
    'ok h1, h2: furthest apart: h1 is 5 ms (± 8 ms) ahead of h2',
  ]);
});

test('a clock that is off, beside this machine and beside the other hosts', () => {
  expect(skewed(3, -90_000, 0)).toEqual([
    "ok h1: its clock is 3 ms (± 4 ms) ahead of this machine's",
    "warning h2: its clock is 1 min 30 s (± 4 ms) behind this machine's",
    "ok h3: its clock is 0 ms (± 4 ms) ahead of this machine's",
    'warning h1, h2: furthest apart: h1 is 1 min 30 s (± 8 ms) ahead of h2',
  ]);
});

test('all hosts agree, and this machine is the one that is off', () => {
  expect(skewed(5_000, 5_001).map((line) => line.split(':')[0])).toEqual([
    'warning h1',
    'warning h2',
    'ok h2, h1',
  ]);
});

test('near the bound nobody can say', () => {
  expect(skewed(998)).toEqual([expect.stringMatching(/^unseen h1/)]);
  expect(skewed(1_003)).toEqual([expect.stringMatching(/^unseen h1/)]);
});
