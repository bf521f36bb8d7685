import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Sample } from '../forecast/telemetry.ts';
import { decodeSamples, encodeSamples } from './columns.ts';

const bytes = fc.integer({ min: 0, max: 2 ** 45 });
const count = fc.integer({ min: 0, max: 2 ** 32 });

const ofTheJob: fc.Arbitrary<Sample> = fc.record({
  atMs: fc.integer({ min: 0, max: 1e10 }).map((microseconds) => microseconds / 1000),
  memoryTotalBytes: bytes,
  memoryRemainingBytes: bytes,
  memorySentBytes: bytes,
  normalPages: count,
  constantPages: count,
  pageSizeBytes: fc.constantFrom(4096, 65_536),
  dirtyRateBytesPerSecond: bytes,
  throughputBytesPerSecond: bytes,
  iteration: count,
  throttlePercent: fc.integer({ min: 0, max: 99 }),
  postCopyRequests: count,
  phase: fc.constantFrom('setup', 'pre-copy', 'post-copy'),
});
const inTurn = fc.record({ inTurnBytesPerSecond: fc.integer({ min: 1, max: 2 ** 45 }) });
const samples: fc.Arbitrary<Sample[]> = fc.array(
  fc.tuple(ofTheJob, fc.option(inTurn)).map(([sample, known]) => ({ ...sample, ...known })),
);

describe('telemetry in columns', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(samples, (all) => {
        expect(decodeSamples(encodeSamples(all))).toEqual(all);
      }),
    );
  });

  test('of before it was kept that a guest writes in turn does not know it', () => {
    fc.assert(
      fc.property(fc.array(ofTheJob), (all) => {
        const { inTurnBytesPerSecond, ...columns } = encodeSamples(all);
        expect(inTurnBytesPerSecond).toMatch(/^(0(\*\d+)?)?$/);
        expect(decodeSamples(columns)).toEqual(all);
      }),
    );
  });

  test('of what does not change is short', () => {
    const one = fc.sample(
      samples.filter((all) => all.length > 0),
      1,
    )[0]?.[0];
    if (one === undefined) throw new Error('no sample');
    const same = Array.from({ length: 1_000 }, () => one);
    const length = Object.values(encodeSamples(same)).join('').length;
    expect(length).toBeLessThan(400);
  });

  test.each([
    ['a word that is no number', { memorySentBytes: 'x' }, /samples.memorySentBytes: 'x'/],
    ['a column that is too short', { iteration: '1' }, /samples.iteration: it has 1 readings/],
    ['an unknown phase', { phase: '7*2' }, /samples.phase: 7 is none/],
    ['a count that fills the memory', { iteration: '1*999999999' }, /too many readings/],
  ])('%s is named', (_, broken, message) => {
    const columns = encodeSamples(
      fc
        .sample(fc.array(samples, { minLength: 1 }), 1)
        .flat(2)
        .slice(0, 0),
    );
    const two = { ...columns };
    for (const name of Object.keys(columns)) Object.assign(two, { [name]: '0*2' });
    expect(() => decodeSamples({ ...two, ...broken })).toThrow(message);
  });
});
