import { expect, test } from 'vitest';
import { elsewhereShare, faultMs, stalledShare } from './simulated-faults.ts';
import type { GuestModel } from './simulated-guest.ts';

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
  const perFaultMs = faultMs(guest, 20 * mib);
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
  expect(stalledShare(model, faultMs(model, 20 * mib), before, after)).toBe(share);
});

test('over a dead link it waits for ever', () => {
  expect(stalledShare(guest, faultMs(guest, 0), 1, 1)).toBe(1);
});

test.each([
  ['at half of its rate', 20 * mib, 0.5],
  ['at its rate', 40 * mib, 0],
  ['faster than it writes', 80 * mib, 0],
])('one that goes in turn goes on as the link brings its pages: %s', (_, link, share) => {
  const inTurn = { ...guest, pattern: { kind: 'sequential' } } as const;
  expect(stalledShare(inTurn, faultMs(inTurn, link), 1, 1)).toBeCloseTo(share, 9);
});

test('what one that goes in turn does elsewhere costs it k T^2 / C of a rest of T, in all', () => {
  const inTurn = { ...guest, pattern: { kind: 'sequential' } } as const;
  const linkBytesPerSecond = 20 * mib;
  const restSeconds = 5;
  const steps = 10_000;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const left = restSeconds * (1 - (step + 0.5) / steps);
    sum += elsewhereShare(inTurn, left * linkBytesPerSecond, linkBytesPerSecond);
  }
  expect(sum / steps).toBeCloseTo((60 * 1024 * restSeconds ** 2) / linkBytesPerSecond, 6);
});

test.each([
  ['one that writes anywhere', guest, 100 * mib, 20 * mib, 0],
  ['one of which all is there', { ...guest, pattern: { kind: 'sequential' } as const }, 0, 0, 0],
  ['a dead link', { ...guest, pattern: { kind: 'sequential' } as const }, 100 * mib, 0, 1],
  ['a slow link', { ...guest, pattern: { kind: 'sequential' } as const }, 100 * mib, mib, 1],
])('what it does elsewhere is reckoned for %s', (_, model, missing, link, share) => {
  expect(elsewhereShare(model, missing, link)).toBe(share);
});
