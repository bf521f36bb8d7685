import { describe, expect, test } from 'vitest';
import { forecastStay } from '../forecast/options.ts';
import { type Plan, planMoves } from '../planner/plan.ts';
import { hostOf, inventoryOf, vmOf } from '../planner/testing/fleets.ts';
import { dueMoves, headStart, nextDueMs, nothingSeen } from './turns.ts';

const vms = ['a', 'b', 'c'].map((name) => vmOf(name, 'h0'));
const inventory = inventoryOf([hostOf('h0'), hostOf('h1')], vms);

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

test('while it is not known what they write, who has used the least processor time begins, and nobody else', () => {
  const wanted = { drain: ['h0'], importance: 'high' } as const;
  const plan = planMoves(inventory, wanted, { random: () => 0.5 });
  const used = new Map(vms.map(({ name }, index) => [name, index === 1 ? 10 : 20]));
  expect(headStart(plan, (vm) => used.get(vm))).toMatchObject({ vm: 'b' });
  const first = plan.moves.toSorted((a, b) => a.startMs - b.startMs)[0];
  expect(headStart(plan, () => undefined)).toBe(first);
  const [one, ...others] = plan.moves.map((move) => ({ ...move, running: false }));
  const moves = one === undefined ? [] : [{ ...one, running: true }, ...others];
  expect(headStart({ ...plan, moves }, () => 0)).toBeUndefined();
});

function sure(p50: number) {
  return { p50, p90: p50 };
}

function seenOf(arrivals: readonly (readonly [string, number])[]) {
  return { ...nothingSeen, arrivals: new Map(arrivals) };
}

describe('the next of a plan', () => {
  const way = { from: 'h0', to: 'h1', why: '', after: [], bytes: 1, shareBytesPerSecond: 1 };
  const first = { ...way, vm: 'first', running: true, startMs: 0, endMs: sure(6_000) };
  const next = { ...way, vm: 'next', running: false, startMs: 6_550, endMs: sure(12_000) };
  const expected = { ending: 'switch-over', forecast: forecastStay } as const;
  const turns = [
    { name: 'as planned, where nothing is seen', arrives: undefined, dueMs: 5_050 },
    { name: 'later, where the one before it is late', arrives: 8_000, dueMs: 7_050 },
    { name: 'sooner, where that is about to end', arrives: 1_900, dueMs: 950 },
    { name: 'as planned, where both share the way', arrives: 8_000, startMs: 2_000, dueMs: 500 },
  ];

  test.each(turns)('is asked for $name', ({ arrives, startMs, dueMs }) => {
    const plan = planOf(startMs);
    const seen = seenOf(arrives === undefined ? [] : [['first', arrives]]);
    expect(nextDueMs(plan, 0, seen)).toBe(dueMs);
    expect(dueMoves(plan, dueMs - 1, seen)).toEqual([]);
    expect(dueMoves(plan, dueMs, seen)).toMatchObject([{ vm: 'next' }]);
  });

  test('is not asked for sooner because of an end that is still far', () => {
    const seen = seenOf([['first', 4_000]]);
    expect(nextDueMs(planOf(), 1_500, seen)).toBe(5_050);
    expect(dueMoves(planOf(), 3_050, seen)).toMatchObject([{ vm: 'next' }]);
  });

  test.each([
    { lookedMs: [100], dueMs: 5_950 },
    { lookedMs: [100, 2_000, 9_000, 400, 700, 800], dueMs: 5_650 },
    { lookedMs: [9_000], dueMs: 3_050 },
  ])(
    'is asked for as early as it takes to begin: others took $lookedMs ms',
    ({ lookedMs, dueMs }) => {
      expect(nextDueMs(planOf(), 0, { ...nothingSeen, lookedMs })).toBe(dueMs);
    },
  );

  function planOf(startMs = next.startMs): Plan {
    const wanted = { drain: ['h0'], importance: 'high' } as const;
    const moves = [first, { ...next, startMs }].map((move) => ({ ...move, expected }));
    return { ...planMoves(inventory, wanted, { random: () => 0.5 }), moves };
  }
});
