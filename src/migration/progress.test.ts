import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { forecastStay } from '../forecast/options.ts';
import type { Sample } from '../forecast/telemetry.ts';
import type { Ending } from '../steering/decision.ts';
import { arrivesInMs, type Progress, progressAfter, restMs } from './progress.ts';

const sample: Sample = {
  atMs: 0,
  memoryTotalBytes: 1000,
  memoryRemainingBytes: 0,
  memorySentBytes: 0,
  normalPages: 0,
  constantPages: 0,
  pageSizeBytes: 4096,
  dirtyRateBytesPerSecond: 0,
  throughputBytesPerSecond: 0,
  iteration: 0,
  throttlePercent: 0,
  postCopyRequests: 0,
  phase: 'pre-copy',
};

test('whatever the forecast says, percent stays within 0 to 99 and never falls', () => {
  const eta = fc.option(fc.double({ noNaN: true }), { nil: undefined });
  const readings = fc.array(fc.tuple(fc.nat(10_000), eta, fc.nat()), { maxLength: 50 });
  fc.assert(
    fc.property(readings, (steps) => {
      let previous: Progress | undefined;
      let atMs = 0;
      for (const [ms, etaMs, sent] of steps) {
        atMs += ms;
        const next = progressAfter(previous, { ...sample, atMs, memorySentBytes: sent }, etaMs);
        expect(next.percent).toBeGreaterThanOrEqual(previous?.percent ?? 0);
        expect(next.percent).toBeLessThanOrEqual(99);
        expect(next.sentBytes).toBeGreaterThanOrEqual(previous?.sentBytes ?? 0);
        previous = next;
      }
    }),
  );
});

test('half of the time gone is half of the way', () => {
  expect(progressAfter(undefined, { ...sample, atMs: 5_000 }, 5_000).percent).toBe(50);
});

test('no end in sight is no estimate', () => {
  expect(progressAfter(undefined, sample, Infinity).etaMs).toBeUndefined();
});

test.each([
  ['at its own rate', 500, undefined, 2_000],
  ['at the rate before, where nothing flowed just now', 0, 250, 4_000],
  ['for nobody knows how long, where nothing has flowed', 0, 0, undefined],
] as const)('the rest takes its time %s', (_, now, before, ms) => {
  const reading = { ...sample, memoryRemainingBytes: 1_000, throughputBytesPerSecond: now };
  const earlier =
    before === undefined ? undefined : { ...sample, throughputBytesPerSecond: before };
  expect(restMs(reading, earlier)).toBe(ms);
});

test.each<[Ending, number | undefined]>([
  ['switch-over', 9_000],
  ['post-copy', 9_000],
  ['freeze', 9_000],
  ['stay', undefined],
  ['open', undefined],
])('what is expected to end by %s arrives in %s ms', (ending, ms) => {
  const forecast = { ...forecastStay, timeMs: { p50: 9_000, p90: 12_000 } };
  expect(arrivesInMs({ ending, forecast })).toBe(ms);
});
