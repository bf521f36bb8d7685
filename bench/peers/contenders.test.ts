import { expect, test } from 'vitest';
import type { Sample } from '../../src/forecast/telemetry.ts';
import { sampleAt } from '../../tests/store/rows.ts';
import type { Contender } from './contender.ts';
import { driverOf } from './contender.ts';
import { kubevirtContenders, kubevirtPacking } from './kubevirt.ts';
import { novaArms } from './nova/arms.ts';
import { ovirtContenders, ovirtPacking } from './ovirt.ts';
import { proxmoxContenders } from './proxmox.ts';

const quiet: Sample = { ...sampleAt(0), memoryTotalBytes: 1000, memoryRemainingBytes: 500 };

function named(contenders: readonly Contender[], name: string): Contender {
  const found = contenders.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

/** All that it did, as text, with the time of each act in s. */
function play(
  contender: Contender,
  memoryGib: number,
  looks: readonly Partial<Sample>[],
): readonly string[] {
  const { step } = driverOf(contender, memoryGib);
  return looks.flatMap((look) =>
    step({ ...quiet, ...look }).map((act) => {
      const what = act.kind === 'set-downtime' ? `${act.ms} ms` : act.kind;
      return `${(look.atMs ?? 0) / 1000}: ${what}`;
    }),
  );
}

/** A look every `everyMs`, with one iteration more at each. */
function rising(everyMs: number, looks: number): readonly Partial<Sample>[] {
  return Array.from({ length: looks }, (_, index) => ({
    atMs: index * everyMs,
    iteration: index + 1,
  }));
}

const ovirt = ovirtContenders(1);

test.each([
  [
    'ovirt-minimal-downtime',
    ['10: 150 ms', '20: 200 ms', '30: 300 ms', '40: 400 ms', '60: 500 ms', '70: abort'],
  ],
  ['ovirt-post-copy', ['10: 150 ms', '20: 200 ms', '30: post-copy', '40: abort']],
  [
    'ovirt-suspend',
    [
      '10: 150 ms',
      '20: 200 ms',
      '30: 300 ms',
      '40: 400 ms',
      '60: 500 ms',
      '70: 5000 ms',
      '80: abort',
    ],
  ],
  [
    'ovirt-very-large',
    [
      '10: 400 ms',
      '20: 500 ms',
      '30: 700 ms',
      '40: 1000 ms',
      '60: 1500 ms',
      '70: 5000 ms',
      '80: abort',
    ],
  ],
])('the ladder of %s', (name, acts) => {
  expect(play(named(ovirt, name), 1, rising(10_000, 10))).toEqual(acts);
});

test('what compresses steers as the policy does that it is set on', () => {
  const [suspend, ...others] = ovirtPacking(1);
  const [usual] = kubevirtPacking(1);
  if (suspend === undefined || usual === undefined) throw new Error('there is none');
  expect(others).toEqual([]);
  expect(driverOf(suspend, 1)).toMatchObject({
    postCopy: false,
    packing: { method: 'xbzrle', connections: undefined },
  });
  expect(driverOf(usual, 1)).toMatchObject({
    postCopy: false,
    packing: { method: 'zstd', connections: 8 },
  });
  const plain = named(ovirt, 'ovirt-suspend');
  expect(play(suspend, 1, rising(10_000, 10))).toEqual(play(plain, 1, rising(10_000, 10)));
  expect(driverOf(plain, 1).packing).toBeUndefined();
});

test('oVirt does one thing at most when it looks, however many iterations there were', () => {
  const looks = [0, 10_000, 20_000].map((atMs) => ({ atMs, iteration: 100 + atMs }));
  expect(play(named(ovirt, 'ovirt-minimal-downtime'), 1, looks)).toEqual([
    '0: 150 ms',
    '10: 200 ms',
    '20: 300 ms',
  ]);
});

test('what comes between two looks is not seen', () => {
  expect(play(named(ovirt, 'ovirt-minimal-downtime'), 1, rising(1_000, 10))).toEqual([]);
});

test('Proxmox doubles its limit each time more was left for the sixth time', () => {
  const [proxmox] = proxmoxContenders(1);
  if (proxmox === undefined) throw new Error('there is none');
  const looks = Array.from({ length: 13 }, (_, index) => ({
    atMs: index * 1000,
    memoryRemainingBytes: 100 + index,
  }));
  expect(proxmox.maxDowntimeMs).toBe(100);
  expect(play(proxmox, 1, looks)).toEqual(['6: 200 ms', '12: 400 ms']);
});

test.each([
  [8, 32, 64],
  [1, 1, 8],
  [16, 1, 1],
])(
  'Nova with a budget, told of %i GiB on a clock %i times faster, takes %i s for each',
  (memoryGib, factor, seconds) => {
    const [, , { options } = { options: {} }] = novaArms(memoryGib, factor, 32_000);
    expect(options).toMatchObject({ live_migration_completion_timeout: seconds });
  },
);

test.each([
  ['kubevirt-default', ['1201: abort']],
  ['kubevirt-disruptive', ['1201: post-copy']],
])('%s waits 150 s for each GiB', (name, acts) => {
  const looks = [0, 1_199, 1_201].map((second) => ({
    atMs: second * 1000,
    memoryRemainingBytes: 5_000 - second,
  }));
  expect(play(named(kubevirtContenders(1), name), 8, looks)).toEqual(acts);
});

test('KubeVirt gives up after 150 s in which nothing less was left', () => {
  const looks = [0, 149, 151].map((second) => ({ atMs: second * 1000 }));
  expect(play(named(kubevirtContenders(1), 'kubevirt-default'), 8, looks)).toEqual(['151: abort']);
});

test('the ramp of KubeVirt: seven equal steps, ten seconds apart, from the third iteration', () => {
  const looks = Array.from({ length: 10 }, (_, index) => ({
    atMs: index * 10_000,
    iteration: index + 1,
    memoryRemainingBytes: 5_000 - index,
  }));
  const ramp = named(kubevirtContenders(1), 'kubevirt-ramp');
  expect(ramp.maxDowntimeMs).toBe(150);
  expect(play(ramp, 8, looks)).toEqual([
    '20: 171 ms',
    '30: 193 ms',
    '40: 214 ms',
    '50: 236 ms',
    '60: 257 ms',
    '70: 279 ms',
    '80: 300 ms',
  ]);
});

test('the stall detector of KubeVirt acts near the best that it saw 40 s ago', () => {
  const left = [1000, 500, 700, 650, 600, 515];
  const looks = left.map((memoryRemainingBytes, index) => ({
    atMs: index * 10_000 + (index > 1 ? 20_000 : 0),
    memoryRemainingBytes,
  }));
  expect(play(named(kubevirtContenders(1), 'kubevirt-stall'), 8, looks)).toEqual(['70: post-copy']);
});

test('timers that are scaled run faster by their factor', () => {
  expect(play(named(ovirtContenders(10), 'ovirt-minimal-downtime'), 1, rising(1_000, 3))).toEqual([
    '1: 150 ms',
    '2: 200 ms',
  ]);
});
