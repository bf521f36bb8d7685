import { describe, expect, test } from 'vitest';
import type { GuestModel } from './simulated-guest.ts';
import { DirtyMemory } from './simulated-memory.ts';

const mib = 2 ** 20;
const link = 20 * mib;

function guest(changes: Partial<GuestModel>): GuestModel {
  return {
    name: 'guest',
    memoryBytes: 128 * mib,
    touchedBytes: 128 * mib,
    workingSetBytes: 64 * mib,
    writeBytesPerSecond: 60 * mib,
    throttleEffect: 1,
    ...changes,
  };
}

/** A memory of which everything was sent once, and nothing has been looked for since. */
function clean(changes: Partial<GuestModel>): DirtyMemory {
  const memory = new DirtyMemory(guest(changes), 0);
  memory.send(memory.costBytes(link), link);
  return memory;
}

describe('what a guest makes dirty', () => {
  const set = 64 * mib;
  test.each([
    ['at random: it saturates', {}, 1_000, set * (1 - Math.exp(-60 / 64))],
    ['in turn, less than the set', { pattern: { kind: 'sequential' } }, 500, 30 * mib],
    ['in turn, once round and more', { pattern: { kind: 'sequential' } }, 5_000, set],
    [
      'in turn, from the middle of the set on',
      { pattern: { kind: 'sequential', atBytes: 50 * mib } },
      500,
      30 * mib,
    ],
    [
      'mostly in a hot tenth',
      { pattern: { kind: 'hot', hotShare: 0.1, hotWrites: 0.9 } },
      10_000,
      set * 0.1 + set * 0.9 * (1 - Math.exp(-60 / (64 * 0.9))),
    ],
    [
      'in bursts, of which one half is over',
      { pattern: { kind: 'sequential' }, rhythm: { burstMs: 500, quietMs: 800, offsetMs: 250 } },
      700,
      15 * mib,
    ],
    [
      'beside its work, in turn over what lies lowest',
      { writeBytesPerSecond: 0, background: { bytes: 8 * mib, writeBytesPerSecond: mib } },
      3_000,
      3 * mib,
    ],
  ] satisfies [string, Partial<GuestModel>, number, number][])('%s', (_, changes, ms, expected) => {
    const memory = clean(changes);
    expect(memory.dirtyBytes).toBe(0);
    expect(memory.sync(0, ms, 1)).toBeCloseTo(expected, -2);
    expect(memory.dirtyBytes).toBeCloseTo(expected, -2);
  });

  test('a throttle takes its share of the work, and nothing of what is dirty', () => {
    const memory = clean({ pattern: { kind: 'sequential' } });
    expect(memory.sync(0, 1_000, 0.25)).toBeCloseTo(15 * mib, -2);
    expect(memory.sync(1_000, 2_000, 0)).toBeCloseTo(0, -2);
    expect(memory.dirtyBytes).toBeCloseTo(15 * mib, -2);
  });
});

describe('what is sent', () => {
  test('memory comes to nothing, and all of it was on the wire', () => {
    const memory = new DirtyMemory(guest({}), 0);
    const half = memory.send(64 * mib, link);
    expect(half).toBeCloseTo(64 * mib, -2);
    expect(memory.dirtyBytes).toBeCloseTo(64 * mib, -2);
    memory.send(Infinity, link);
    expect(memory.dirtyBytes).toBe(0);
    expect(memory.wireBytesSent).toBeCloseTo(128 * mib, -2);
  });

  test('constant pages are disposed of, and cost the wire nine bytes each', () => {
    const memory = new DirtyMemory(guest({ touchedBytes: 80 * mib }), 0);
    expect(memory.dirtyBytes).toBe(128 * mib);
    memory.send(memory.costBytes(link), link);
    expect(memory.constantBytesSent).toBeCloseTo(48 * mib, -2);
    expect(memory.normalBytesSent).toBeCloseTo(80 * mib, -2);
    expect(memory.wireBytesSent).toBeCloseTo(80 * mib + (48 * mib * 9) / 4096, -2);
  });

  test('where all that is left may be left, nothing has to be sent first', () => {
    const memory = new DirtyMemory(guest({ touchedBytes: 80 * mib }), 0);
    expect(memory.costBytes(link, 128 * mib)).toBe(0);
    expect(memory.costBytes(link, 64 * mib)).toBeCloseTo(memory.costBytes(link) / 2, -2);
  });

  test('over a fast link constant pages take the time that it takes to find them', () => {
    const memory = new DirtyMemory(guest({ touchedBytes: 64 * mib }), 0);
    const fast = 2 ** 31;
    expect(memory.costBytes(fast)).toBeCloseTo(128 * mib, -2);
    expect(memory.costBytes(link)).toBeLessThan(65 * mib);
  });

  test('a guest that sweeps faster than the link makes a wave; one that scatters does not', () => {
    const swept = { writeBytesPerSecond: 45 * mib, pattern: { kind: 'sequential' } } as const;
    expect(swingOf(swept)).toBeGreaterThan(1.5);
    expect(swingOf({})).toBeLessThan(1.1);
  });
});

function swingOf(changes: Partial<GuestModel>): number {
  const memory = clean(changes);
  const left: number[] = [];
  for (let ms = 0; ms < 40_000; ms += 60) {
    memory.sync(ms, ms + 60, 1);
    memory.send((link * 60) / 1000, link);
    if (ms > 20_000) left.push(memory.dirtyBytes);
  }
  return Math.max(...left) / Math.min(...left);
}

describe('in post-copy what the guest works on comes first', () => {
  test('the hot part before the rest of the set, and that before what is never written', () => {
    const memory = new DirtyMemory(
      guest({ setOffsetBytes: 32 * mib, pattern: { kind: 'hot', hotShare: 0.25, hotWrites: 0.9 } }),
      0,
    );
    const sent = [20 * mib, 128 * mib, 128 * mib].map((bytes) => memory.fetch(bytes, link));
    expect(sent.map(({ usedBytes }) => Math.round(usedBytes / mib))).toEqual([16, 48, 128]);
    const needed = sent.map((one) => [one.needed.before, one.needed.after]);
    expect(needed).toEqual([
      [1, expect.closeTo(0.1, 6)],
      [expect.closeTo(0.1, 6), expect.closeTo(0, 6)],
      [0, 0],
    ]);
    expect(memory.dirtyBytes).toBe(0);
  });

  test('one that goes in turn misses every page until all of its set is there', () => {
    const memory = new DirtyMemory(guest({ pattern: { kind: 'sequential' } }), 0);
    expect(memory.fetch(60 * mib, link).needed).toEqual({ before: 1, after: 1 });
    expect(memory.fetch(60 * mib, link).usedBytes).toBeCloseTo(4 * mib, 0);
    expect(memory.fetch(60 * mib, link).needed).toEqual({ before: 0, after: 0 });
  });
});
