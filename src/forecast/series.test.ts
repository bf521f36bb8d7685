import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appended, countBefore, emptySeries, leastBetween, type Series } from './series.ts';

const readings = fc.array(fc.record({ gapMs: fc.nat(500), bytes: fc.nat(1_000) }), {
  maxLength: 40,
});

/** A series of them all, each `gapMs` after the one before. */
function seriesOf(all: readonly { readonly gapMs: number; readonly bytes: number }[]): Series {
  let atMs = 0;
  let series = emptySeries;
  for (const { gapMs, bytes } of all) {
    atMs += gapMs;
    series = appended(series, 0, atMs, bytes);
  }
  return series;
}

describe('a series', () => {
  test('counts what came before a moment', () => {
    fc.assert(
      fc.property(readings, fc.nat(10_000), (all, momentMs) => {
        const series = seriesOf(all);
        const before = series.atMs.filter((atMs) => atMs < momentMs).length;
        expect(countBefore(series, momentMs)).toBe(before);
      }),
    );
  });

  test('knows the least between two indexes', () => {
    fc.assert(
      fc.property(readings, fc.nat(40), fc.nat(40), (all, from, to) => {
        const series = seriesOf(all);
        const least = Math.min(Infinity, ...series.bytes.slice(from, Math.max(from, to)));
        expect(leastBetween(series, from, to)).toBe(least);
      }),
    );
  });

  test('drops what came before an index when it grows', () => {
    const series = seriesOf([
      { gapMs: 10, bytes: 1 },
      { gapMs: 10, bytes: 2 },
      { gapMs: 10, bytes: 3 },
    ]);
    expect(appended(series, 2, 40, 4)).toEqual({ atMs: [30, 40], bytes: [3, 4] });
    expect(appended(series, -5, 40, 4).bytes).toEqual([1, 2, 3, 4]);
  });
});
