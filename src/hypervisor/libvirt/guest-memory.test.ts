import { describe, expect, test } from 'vitest';
import { memoryRangesOf, piecesIn } from './guest-memory.ts';
import { q35 } from './testing/machine.ts';

const mib = 2 ** 20;
const gib = 2 ** 30;

describe('where a machine surely has memory', () => {
  test.each([
    ['little of it', q35, [[1 * mib, 256 * mib]]],
    [
      'as much as fits below the devices of any machine',
      { ...q35, memoryBytes: 3 * gib },
      [[1 * mib, 2 * gib]],
    ],
    [
      'more than fits below 4 GiB',
      { ...q35, memoryBytes: 16 * gib },
      [
        [1 * mib, 2 * gib],
        [4 * gib, 16 * gib],
      ],
    ],
    ['an older machine', { ...q35, machineType: 'pc-i440fx-7.2' }, [[1 * mib, 256 * mib]]],
    ['another architecture', { ...q35, architecture: 'aarch64', machineType: 'virt-9.0' }, []],
    ['a machine without the usual devices', { ...q35, machineType: 'microvm' }, []],
    ['a hole that was moved', { ...q35, definition: '-machine q35,max-ram-below-4g=1G' }, []],
  ] as const)('%s', (_, machine, ranges) => {
    expect(memoryRangesOf(machine).map(({ from, to }) => [from, to])).toEqual(ranges);
  });
});

describe('the pieces that are read', () => {
  const ranges = memoryRangesOf({ ...q35, memoryBytes: 8 * gib });

  test('are spread over all ranges, whole, and do not overlap', () => {
    const pieces = piecesIn(ranges, 32, 64 * 1024);
    expect(pieces).toHaveLength(32);
    for (const at of pieces)
      expect(ranges.some(({ from, to }) => at >= from && at + 64 * 1024 <= to)).toBe(true);
    const gaps = pieces.slice(1).map((at, index) => at - (pieces[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(64 * 1024);
    expect(pieces.filter((at) => at >= 4 * gib)).toHaveLength(21);
  });

  test('are fewer where there is little memory, and none where there is none', () => {
    expect(piecesIn([{ from: mib, to: mib + 150_000 }], 32, 64 * 1024)).toEqual([
      mib,
      mib + 65_536,
    ]);
    expect(piecesIn([], 32, 64 * 1024)).toEqual([]);
  });
});
