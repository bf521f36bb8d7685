import { expect, test } from 'vitest';
import { planMoves } from '../planner/plan.ts';
import { hostOf, inventoryOf, vmOf } from '../planner/testing/fleets.ts';
import type { Importance } from '../policy/vocabulary.ts';
import { deadlineOf } from './planning.ts';

const mib = 2 ** 20;
const furious = { rateBytesPerSecond: 800 * mib, setBytes: 1024 * mib, errorShare: 0 };
const vms = [
  vmOf('quiet', 'h0'),
  vmOf('furious', 'h0', { slaClass: 'cattle', workingSet: furious }),
];
const inventory = inventoryOf([hostOf('h0'), hostOf('h1')], vms);
const at = 1_000_000;

interface Case {
  readonly name: string;
  readonly vm: string;
  readonly importance: Importance;
  readonly deadlineAt?: number;
  /** By when it is to end. */
  readonly hurries: 'not at all' | 'as planned' | 'within the deadline';
}

const cases: readonly Case[] = [
  { name: 'a quiet VM', vm: 'quiet', importance: 'high', hurries: 'not at all' },
  { name: 'one that never fits', vm: 'furious', importance: 'high', hurries: 'as planned' },
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
  const until = deadlineOf(move, { plan, at, deadlineAt, importance });
  if (hurries === 'not at all') expect(until).toBeUndefined();
  if (hurries === 'as planned') expect(until).toBe(Math.round(at + move.endMs.p50));
  if (hurries === 'within the deadline') {
    expect(until).toBeGreaterThan(at + move.endMs.p90);
    expect(until).toBeLessThanOrEqual(deadlineAt ?? at);
  }
});
