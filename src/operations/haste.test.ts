import { expect, test } from 'vitest';
import { planMoves } from '../planner/plan.ts';
import { hostOf, inventoryOf, vmOf } from '../planner/testing/fleets.ts';
import type { Importance } from '../policy/vocabulary.ts';
import { asMuchAsNeeded, deadlineOf, isOutrun } from './haste.ts';
import type { Course } from './sight.ts';

const mib = 2 ** 20;
const furious = { rateBytesPerSecond: 800 * mib, setBytes: 1024 * mib, errorShare: 0 };
const busy = { rateBytesPerSecond: 66 * mib, setBytes: 1500 * mib, errorShare: 0 };
const vms = [
  vmOf('quiet', 'h0'),
  vmOf('busy', 'h0', { memoryBytes: 2048 * mib, touchedBytes: 2048 * mib, workingSet: busy }),
  vmOf('furious', 'h0', { slaClass: 'cattle', workingSet: furious }),
];
const at = 1_000_000;

const inventory = inventoryOf([hostOf('h0'), hostOf('h1')], vms);

interface Case {
  readonly name: string;
  readonly vm: string;
  readonly importance: Importance;
  readonly deadlineAt?: number;
  /** By when it is to end. */
  readonly hurries: 'not at all' | 'at once' | 'a little after' | 'within the deadline';
}

const cases: readonly Case[] = [
  { name: 'a quiet VM', vm: 'quiet', importance: 'high', hurries: 'not at all' },
  { name: 'one that never fits', vm: 'furious', importance: 'high', hurries: 'at once' },
  {
    name: 'one that fits after many passes',
    vm: 'busy',
    importance: 'high',
    hurries: 'a little after',
  },
  {
    name: 'one that never fits, and may stay',
    vm: 'furious',
    importance: 'medium',
    hurries: 'not at all',
  },
  {
    name: 'any VM under a deadline',
    vm: 'quiet',
    importance: 'low',
    deadlineAt: at + 3_600_000,
    hurries: 'within the deadline',
  },
];

test.each(cases)('$name hurries $hurries', ({ vm, importance, deadlineAt, hurries }) => {
  const plan = planMoves(inventory, { drain: ['h0'], importance }, { random: () => 0.5 });
  const move = plan.moves.find((one) => one.vm === vm);
  if (move === undefined) throw new Error(`${vm} is not in the plan`);
  const memoryBytes = vms.find(({ name }) => name === vm)?.memoryBytes ?? 0;
  const until = deadlineOf(move, { plan, at, deadlineAt, importance, memoryBytes });
  if (hurries === 'not at all') expect(until).toBeUndefined();
  if (hurries === 'at once') {
    expect(until).toBeGreaterThan(at + move.startMs);
    expect(until).toBeLessThan(at + move.endMs.p50);
  }
  if (hurries === 'a little after') {
    expect(until).toBeGreaterThan(at + move.endMs.p50);
    expect(until).toBeLessThanOrEqual(at + Math.ceil(3 * move.endMs.p50));
  }
  if (hurries === 'within the deadline') {
    expect(until).toBeGreaterThan(at + move.endMs.p90);
    expect(until).toBeLessThanOrEqual(deadlineAt ?? at);
  }
});

interface Raise {
  readonly name: string;
  readonly least: Importance;
  /** How many VMs come late at each importance. */
  readonly late: Readonly<Record<Importance, number>>;
  readonly becomes: Importance;
  /** Plans that are made for it. */
  readonly plans: number;
}

const raises: readonly Raise[] = [
  {
    name: 'nobody is late',
    least: 'low',
    late: { low: 0, medium: 0, high: 0 },
    becomes: 'low',
    plans: 1,
  },
  {
    name: 'one step is enough',
    least: 'low',
    late: { low: 2, medium: 0, high: 0 },
    becomes: 'medium',
    plans: 2,
  },
  {
    name: 'two steps are needed',
    least: 'low',
    late: { low: 2, medium: 1, high: 0 },
    becomes: 'high',
    plans: 3,
  },
  {
    name: 'only the second step helps',
    least: 'low',
    late: { low: 2, medium: 2, high: 1 },
    becomes: 'high',
    plans: 3,
  },
  {
    name: 'the second step does not help',
    least: 'low',
    late: { low: 2, medium: 1, high: 1 },
    becomes: 'medium',
    plans: 3,
  },
  {
    name: 'nothing helps',
    least: 'low',
    late: { low: 2, medium: 2, high: 3 },
    becomes: 'low',
    plans: 3,
  },
  {
    name: 'it is not lowered',
    least: 'medium',
    late: { low: 0, medium: 1, high: 1 },
    becomes: 'medium',
    plans: 2,
  },
  {
    name: 'it is high already',
    least: 'high',
    late: { low: 0, medium: 0, high: 3 },
    becomes: 'high',
    plans: 1,
  },
];

test.each(raises)('under a deadline: $name', async ({ least, late, becomes, plans }) => {
  const made: Importance[] = [];
  const { importance, made: plan } = await asMuchAsNeeded(least, (one) => {
    made.push(one);
    const names = Array.from({ length: late[one] }, (_, index) => `v${index}`);
    return Promise.resolve({ plan: { late: names }, by: one });
  });
  expect([importance, plan.by, made.length]).toEqual([becomes, becomes, plans]);
});

/** A VM of 100 MiB over 20 MiB/s. */
const course: Course = {
  id: 'm1',
  vm: 'a',
  uuid: 'a',
  from: 'h0',
  to: 'h1',
  stage: 'live',
  importance: 'high',
  startedAt: at,
  endedAt: undefined,
  share: 0.5,
  remainingBytes: 50 * mib,
  throughputBytesPerSecond: 20 * mib,
  sentBytes: 160 * mib,
  dirtyRateBytesPerSecond: 20 * mib,
  blackoutMs: undefined,
  why: undefined,
};

interface Shown {
  readonly name: string;
  readonly of: Partial<Course>;
  readonly outrun: boolean;
}

const shown: readonly Shown[] = [
  { name: 'sends again what is written as fast', of: {}, outrun: true },
  { name: 'writes much less than is carried', of: { dirtyRateBytesPerSecond: mib }, outrun: false },
  { name: 'is in its first pass', of: { sentBytes: 90 * mib }, outrun: false },
  { name: 'is in post-copy', of: { noReturnAt: at }, outrun: false },
  { name: 'has arrived', of: { stage: 'arrived' }, outrun: false },
  { name: 'has shown nothing', of: { sentBytes: undefined }, outrun: false },
];

test.each(shown)('a migration that $name is outrun: $outrun', ({ of, outrun }) => {
  expect(isOutrun({ ...course, ...of }, 100 * mib)).toBe(outrun);
});
