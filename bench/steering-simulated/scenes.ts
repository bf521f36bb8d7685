import type { GuestModel } from '../../src/hypervisor/simulated-guest.ts';
import type { Pair } from '../steering/cells.ts';

const mib = 2 ** 20;
const memoryBytes = 256 * mib;

/** How a suite's QEMU looks for dirty pages, and how long it takes to begin, ms: as bench/calibration found. */
export const suites = [
  { suite: 'forky', syncMs: 50, setupMs: 155 },
  { suite: 'trixie', syncMs: Infinity, setupMs: 660 },
] as const;
export type Suite = (typeof suites)[number];

export const linksMbitPerSecond = [100, 300, 1000] as const;

export const pairs: readonly Pair[] = [
  { slaClass: 'cattle', importance: 'high' },
  { slaClass: 'cattle', importance: 'medium' },
  { slaClass: 'pet', importance: 'high' },
  { slaClass: 'pet', importance: 'medium' },
  { slaClass: 'panda', importance: 'high' },
  { slaClass: 'panda', importance: 'medium' },
];

type Writes = Pick<GuestModel, 'workingSetBytes' | 'writeBytesPerSecond' | 'pattern' | 'rhythm'>;

export type Pattern = (carriedBytesPerSecond: number, offsetMs: number) => Writes;

function random(rho: number): Pattern {
  return (carried) => ({
    workingSetBytes: memoryBytes / 2,
    writeBytesPerSecond: rho * carried,
    pattern: { kind: 'random' },
  });
}

function hot(hotShare: number): Pattern {
  return (carried) => ({
    workingSetBytes: memoryBytes,
    writeBytesPerSecond: carried,
    pattern: { kind: 'hot', hotShare, hotWrites: 0.9 },
  });
}

function inTurn(setBytes: number, rho: number): Pattern {
  return (carried) => ({
    workingSetBytes: setBytes,
    writeBytesPerSecond: rho * carried,
    pattern: { kind: 'sequential' },
  });
}

/** What guests write, by what the link carries; `offsetMs`: where in its rhythm the guest is met. */
export const patterns: Readonly<Record<string, Pattern>> = {
  idle: () => ({ workingSetBytes: 0, writeBytesPerSecond: 0 }),
  'rho-0.3': random(0.3),
  'rho-0.7': random(0.7),
  'rho-0.95': random(0.95),
  'rho-1.2': random(1.2),
  'rho-3': random(3),
  'hot-5': hot(0.05),
  'hot-20': hot(0.2),
  'in-turn': inTurn(memoryBytes / 2, 0.6),
  'all-in-turn': inTurn(memoryBytes, 4),
  'short-bursts': (carried, offsetMs) => ({
    ...inTurn(memoryBytes / 2, 1.2)(carried, offsetMs),
    rhythm: { burstMs: 3_000, quietMs: 4_000, offsetMs },
  }),
  'long-bursts': (carried, offsetMs) => ({
    ...random(1.5)(carried, offsetMs),
    rhythm: { burstMs: 9_000, quietMs: 6_000, offsetMs },
  }),
};

/** A guest of 256 MiB, as those of bench/peers. */
export function guestOf(writes: Writes): GuestModel {
  return {
    name: 'guest',
    memoryBytes,
    touchedBytes: memoryBytes - 0.6 * mib,
    throttleEffect: 0,
    background: { bytes: memoryBytes / 8, writeBytesPerSecond: 100 * 4096 },
    ...writes,
  };
}
