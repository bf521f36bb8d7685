import { describe, expect, test } from 'vitest';
import { forecastStay } from '../forecast/options.ts';
import { type Plan, planMoves } from '../planner/plan.ts';
import { hostOf, inventoryOf, vmOf } from '../planner/testing/fleets.ts';
import { defaultMatrix } from '../policy/matrix.ts';
import type { Importance } from '../policy/vocabulary.ts';
import {
  asMuchAsNeeded,
  deadlineOf,
  dueMoves,
  inventoryOf as inventoryOfSeen,
  isOutrun,
  type KnownHost,
  type KnownVm,
  leveled,
  nextDueMs,
} from './planning.ts';
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
  readonly hurries:
    | 'not at all'
    | 'as planned'
    | 'at once'
    | 'a little after'
    | 'within the deadline';
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

test('each move of a plan is due a little before its turn, and then the next is waited for', () => {
  const wanted = { drain: ['h0'], importance: 'high' } as const;
  const plan = planMoves(inventory, wanted, { random: () => 0.5 });
  const free = plan.moves.filter(({ after }) => after.length === 0);
  const dues = [];
  for (let dueMs = nextDueMs(plan, 0); dueMs !== undefined; dueMs = nextDueMs(plan, dueMs)) {
    const fresh = dueMoves(plan, dueMs).filter((move) => !dueMoves(plan, dueMs - 1).includes(move));
    expect(fresh).not.toEqual([]);
    for (const { startMs } of fresh) expect(startMs).toBeGreaterThan(dueMs);
    dues.push(...fresh);
  }
  expect(dues.length).toBeGreaterThan(1);
  expect([...dueMoves(plan, 0), ...dues]).toHaveLength(free.length);
});

function sure(p50: number) {
  return { p50, p90: p50 };
}

describe('the next of a plan', () => {
  const way = { from: 'h0', to: 'h1', why: '', after: [], bytes: 1, shareBytesPerSecond: 1 };
  const first = { ...way, vm: 'first', running: true, startMs: 0, endMs: sure(6_000) };
  const next = { ...way, vm: 'next', running: false, startMs: 6_550, endMs: sure(12_000) };
  const expected = { ending: 'switch-over', forecast: forecastStay } as const;
  const turns = [
    { name: 'as planned, where nothing is seen', arrives: undefined, dueMs: 4_950 },
    { name: 'later, where the one before it is late', arrives: 8_000, dueMs: 6_950 },
    { name: 'sooner, where that is about to end', arrives: 1_900, dueMs: 850 },
    { name: 'as planned, where both share the way', arrives: 8_000, startMs: 2_000, dueMs: 400 },
  ];

  test.each(turns)('is asked for $name', ({ arrives, startMs, dueMs }) => {
    const plan = planOf(startMs);
    const arrivals = new Map(arrives === undefined ? [] : [['first', arrives]]);
    expect(nextDueMs(plan, 0, arrivals)).toBe(dueMs);
    expect(dueMoves(plan, dueMs - 1, arrivals)).toEqual([]);
    expect(dueMoves(plan, dueMs, arrivals)).toMatchObject([{ vm: 'next' }]);
  });

  test('is not asked for sooner because of an end that is still far', () => {
    const arrivals = new Map([['first', 4_000]]);
    expect(nextDueMs(planOf(), 1_500, arrivals)).toBe(4_950);
    expect(dueMoves(planOf(), 3_000, arrivals)).toMatchObject([{ vm: 'next' }]);
  });

  function planOf(startMs = next.startMs): Plan {
    const wanted = { drain: ['h0'], importance: 'high' } as const;
    const moves = [first, { ...next, startMs }].map((move) => ({ ...move, expected }));
    return { ...planMoves(inventory, wanted, { random: () => 0.5 }), moves };
  }
});

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
  const { vms: known } = inventoryOfSeen(hosts, [], [vm], terms);
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
