import { expect, test } from 'vitest';
import { faultMs, stalledShare } from './simulated-faults.ts';
import type { GuestModel } from './simulated-guest.ts';
import { qemu11 } from './simulated-qemu.ts';

const mib = 2 ** 20;
const guest: GuestModel = {
  name: 'guest',
  memoryBytes: 128 * mib,
  touchedBytes: 128 * mib,
  workingSetBytes: 64 * mib,
  writeBytesPerSecond: 40 * mib,
  throttleEffect: 1,
};

test('what a guest waits is the mean of what it waits at each share of missing pages', () => {
  const perFaultMs = faultMs(guest, qemu11, 20 * mib);
  const steps = 20_000;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const missing = 0.9 - (0.8 * (step + 0.5)) / steps;
    sum += stalledShare(guest, perFaultMs, missing, missing);
  }
  expect(stalledShare(guest, perFaultMs, 0.9, 0.1)).toBeCloseTo(sum / steps, 6);
});

test.each([
  ['nothing is missing', guest, 0, 0, 0],
  ['it does nothing', { ...guest, writeBytesPerSecond: 0 }, 1, 0, 0],
])('it does not wait where %s', (_, model, before, after, share) => {
  expect(stalledShare(model, faultMs(model, qemu11, 20 * mib), before, after)).toBe(share);
});

test('over a dead link it waits for ever, and in turn for less than at random', () => {
  expect(stalledShare(guest, faultMs(guest, qemu11, 0), 1, 1)).toBe(1);
  const inTurn = { ...guest, pattern: { kind: 'sequential' } } as const;
  expect(faultMs(inTurn, qemu11, 20 * mib)).toBeLessThan(faultMs(guest, qemu11, 20 * mib));
});
