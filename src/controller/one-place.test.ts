import { expect, test } from 'vitest';
import type { VmRow } from '../store/rows.ts';
import { inOnePlace, togetherWith } from './one-place.ts';

function on(host: string, seenAt: number, change: Partial<VmRow> = {}): VmRow {
  return {
    uuid: 'u',
    name: 'vm',
    host,
    state: 'running',
    memoryBytes: 1,
    virtualCpus: 1,
    slaClass: 'pet',
    foreignJob: false,
    split: false,
    seenAt,
    ...change,
  };
}

test.each<[string, readonly VmRow[], readonly (readonly [string, readonly string[]])[]]>([
  ['where it is', [on('h1', 1)], [['h1', []]]],
  ['where it was seen to run last', [on('h1', 1), on('h2', 2)], [['h2', []]]],
  [
    'where it runs, though a definition was left behind',
    [on('h1', 9, { state: 'shut-off' }), on('h2', 2)],
    [['h2', []]],
  ],
  [
    'where it was seen last, where it runs nowhere',
    [on('h1', 1, { state: 'paused' }), on('h2', 2, { state: 'paused' })],
    [['h2', []]],
  ],
  [
    'on both hosts that ran it at once',
    [on('h1', 1, { split: true }), on('h2', 2, { split: true })],
    [
      ['h1', ['h2']],
      ['h2', ['h1']],
    ],
  ],
  [
    'on both, while the one of two that fell silent may still run it',
    [on('h1', 1, { split: true }), on('h2', 99)],
    [
      ['h1', ['h2']],
      ['h2', ['h1']],
    ],
  ],
  [
    'beside others',
    [on('h1', 1), on('h1', 1, { uuid: 'other' }), on('h2', 2)],
    [
      ['h1', []],
      ['h2', []],
    ],
  ],
])('a VM is shown %s', (_, rows, expected) => {
  const shown = inOnePlace(rows).map(({ host, alsoRunsOn }) => [host, alsoRunsOn]);
  expect(shown).toEqual(expected);
});

const first = [
  { host: 'h1', at: 1, vms: [on('h1', 1)] },
  { host: 'h2', at: 2, vms: [on('h2', 2)] },
];

test.each<[string, Parameters<typeof togetherWith>[1], readonly boolean[]]>([
  [
    'is split where it still runs on both',
    [
      { host: 'h1', at: 3, vms: [on('h1', 3)] },
      { host: 'h2', at: 4, vms: [on('h2', 4)] },
    ],
    [true, true],
  ],
  [
    'has moved where it has left one meanwhile',
    [
      { host: 'h1', at: 3, vms: [] },
      { host: 'h2', at: 4, vms: [on('h2', 4)] },
    ],
    [false],
  ],
  [
    'is not said to be split where one did not answer again',
    [
      { host: 'h1', at: 3, vms: undefined },
      { host: 'h2', at: 4, vms: [on('h2', 4)] },
    ],
    [false, false],
  ],
])('what was seen to run on two hosts %s', (_, second, split) => {
  const rows = togetherWith(first, second).flatMap(({ vms }) => vms ?? []);
  expect(rows.map((row) => row.split)).toEqual(split);
});
