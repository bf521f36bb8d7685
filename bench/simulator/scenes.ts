import type { GuestModel, WritePattern } from '../../src/hypervisor/simulated-guest.ts';
import { type Random, randomFrom } from '../../src/hypervisor/simulated-random.ts';
import {
  type Importance,
  importances,
  type SlaClass,
  slaClasses,
} from '../../src/policy/vocabulary.ts';

export interface Scene {
  readonly guest: GuestModel;
  readonly linkBytesPerSecond: number;
  readonly syncMs: number;
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly seed: number;
}

const mib = 2 ** 20;

/** So many guests of all kinds over links of all kinds: the same ones for the same seed. */
export function scenesFrom(seed: number, count: number): readonly Scene[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, index) => ({
    guest: guestFrom(random, `guest${index}`),
    linkBytesPerSecond: between(random, 20, 1_000) * mib,
    syncMs: random() < 0.5 ? 60 : Infinity,
    slaClass: oneOf(random, slaClasses),
    importance: oneOf(random, importances),
    seed: index,
  }));
}

function guestFrom(random: Random, name: string): GuestModel {
  const memoryBytes = Math.round(between(random, 256, 8_192)) * mib;
  const touchedBytes = memoryBytes * between(random, 0.1, 1);
  const phased = random() < 0.25;
  const guest = {
    name,
    memoryBytes,
    touchedBytes,
    workingSetBytes: touchedBytes * between(random, 0.01, 0.5),
    writeBytesPerSecond: between(random, 0.5, 300) * mib,
    throttleEffect: oneOf(random, [0, 0.5, 1]),
    pattern: patternFrom(random),
  };
  if (!phased) return guest;
  const rhythm = {
    burstMs: between(random, 2_000, 20_000),
    quietMs: between(random, 2_000, 20_000),
    offsetMs: between(random, 0, 20_000),
  };
  return { ...guest, rhythm };
}

function patternFrom(random: Random): WritePattern {
  const kind = oneOf(random, ['random', 'sequential', 'hot'] as const);
  return kind === 'hot' ? { kind, hotShare: 0.2, hotWrites: 0.9 } : { kind };
}

/** Evenly on a logarithmic scale. */
function between(random: Random, low: number, high: number): number {
  return low === 0 ? random() * high : low * (high / low) ** random();
}

function oneOf<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}
