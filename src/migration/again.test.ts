import { expect, test } from 'vitest';
import type { Ways } from '../hypervisor/port.ts';
import { againAfterMs, lastAttempt, waysAfter } from './again.ts';

test('the waits grow, and end', () => {
  const waits = Array.from({ length: 9 }, (_, index) => againAfterMs(index + 1));
  expect(waits).toEqual([
    5_000,
    10_000,
    20_000,
    40_000,
    60_000,
    60_000,
    60_000,
    undefined,
    undefined,
  ]);
});

test('every way has its turn', () => {
  const ways: Ways = [
    { uri: 'a', address: undefined },
    { uri: 'b', address: undefined },
    { uri: 'c', address: undefined },
  ];
  const order = (failures: number): string =>
    waysAfter(ways, failures)
      .map(({ uri }) => uri)
      .join('');
  expect([0, 1, 2, 3].map(order)).toEqual(['abc', 'bca', 'cab', 'abc']);
});

test.each([
  ['one attempt', [0, 1, 2], [0, 1, 2]],
  ['two', [0, 10, 20, 1, 2], [1, 2]],
  ['three', [0, 10, 0, 5, 1], [1]],
  ['none', [], []],
])('the last attempt of %s', (_, times, last) => {
  const samples = times.map((atMs) => ({ atMs }));
  expect(lastAttempt(samples).map(({ atMs }) => atMs)).toEqual(last);
});
