import { describe, expect, test } from 'vitest';
import { askedPeakPerSecond, askedPerSecond, observeSplit, type Split } from './split.ts';
import { reading } from './testing/reading.ts';

/** Pages asked for so far, at these times. */
function seen(...points: readonly (readonly [atMs: number, askedPages: number])[]): Split {
  const split = points.reduce<Split | undefined>(
    (before, [atMs, postCopyRequests]) =>
      observeSplit(before, reading({ atMs, postCopyRequests, phase: 'post-copy' })),
    undefined,
  );
  if (split === undefined) throw new TypeError('nothing was seen');
  return split;
}

describe('what a guest asks for that runs split', () => {
  const split = seen([1_000, 0], [1_100, 10], [1_200, 50]);

  test.each([
    ['since its switch', 0, 50, 250],
    ['since another speed was set', 1_100, 50, 400],
    ['by readings that span too little', 1_100, 150, undefined],
    ['where none came since then', 1_300, 50, undefined],
  ])('%s', (_, fromMs, leastMs, perSecond) => {
    expect(askedPerSecond(split, fromMs, leastMs)).toBe(perSecond);
  });

  test('is at its most from one reading to the next', () => {
    expect(askedPeakPerSecond(split)).toBe(400);
    expect(askedPeakPerSecond(seen([1_000, 7]))).toBe(0);
  });

  test('two readings at nearly the same time show no burst', () => {
    expect(askedPeakPerSecond(seen([1_000, 0], [1_001, 4]))).toBe(100);
  });

  test('is known since its switch, and what is long past is forgotten', () => {
    const long = seen([0, 0], [900, 90], [1_800, 900], [2_700, 909]);
    expect(long.sinceMs).toBe(0);
    expect(long.seen.map(({ atMs }) => atMs)).toEqual([1_800, 2_700]);
  });
});
