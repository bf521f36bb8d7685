import { expect, test } from 'vitest';
import { defaultMatrix } from '../policy/matrix.ts';
import { inventoryOf, type KnownHost, type KnownVm, leveled } from './known.ts';

const mib = 2 ** 20;

test('ways that seemed nearly alike are alike, others are not', () => {
  expect(leveled([100, 103, undefined, 50, 98])).toEqual([103, 103, undefined, 50, 103]);
});

const under = [
  { name: 'has begun: what it will send, by what was measured', sentBytes: 0, left: 1536 },
  { name: 'is amid its first pass', sentBytes: 600 * mib, left: 936 },
  { name: 'has sent that, and shows more', sentBytes: 1400 * mib, left: 300 },
  { name: 'is in post-copy: what remains', sentBytes: undefined, left: 300 },
  {
    name: 'was not measured: what it is seen to need',
    sentBytes: 0,
    workingSet: undefined,
    left: 900,
  },
];

test.each(under)('one that $name', ({ sentBytes, left, ...of }) => {
  const hosts = ['h0', 'h1'].map((name) => ({ ...knownHost, name }));
  const seen = { remainingBytes: 300 * mib, untilEndBytes: 900 * mib, sentBytes };
  const vm = { ...knownWriter, ...of, moving: { to: 'h1', ...seen } };
  const { vms: known } = inventoryOf(hosts, [], [vm], terms);
  expect((known[0]?.moving?.leftBytes ?? 0) / mib).toBeCloseTo(left, -1);
});

const knownHost: KnownHost = {
  name: 'h0',
  memoryBytes: 2 ** 36,
  freeMemoryBytes: 2 ** 35,
  cpus: 8,
  bandwidthBytesPerSecond: 100 * mib,
  maxOutgoing: 2,
  maxIncoming: 2,
  link: undefined,
  postCopy: true,
  closed: false,
};
/** 1 GiB, half of which it rewrites all the while. */
const knownWriter: KnownVm = {
  uuid: 'v',
  name: 'v',
  host: 'h0',
  memoryBytes: 1024 * mib,
  virtualCpus: 1,
  slaClass: 'pet',
  touchedBytes: undefined,
  workingSet: { rateBytesPerSecond: 400 * mib, setBytes: 512 * mib, errorShare: 0 },
  moving: undefined,
  unfit: {},
  fixed: undefined,
  together: [],
  apart: [],
  pinnedTo: undefined,
};
const terms = { importance: 'high', matrix: defaultMatrix } as const;
