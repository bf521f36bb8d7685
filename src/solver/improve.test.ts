import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { planMoves } from '../planner/plan.ts';
import { fleets, hostOf, inventoryOf, vmOf } from '../planner/testing/fleets.ts';
import { violationsOf } from '../planner/verify.ts';
import { improvedPlan } from './improve.ts';
import { solve } from './solve.ts';

const options = () => ({ random: (): number => 0.5 });
const wanted = { drain: ['h0'], importance: 'high' } as const;

test('a program is solved', async () => {
  const program =
    'Minimize\n obj: t\nSubject To\n a: x + y = 3\n b: x - t <= 0\n c: y - t <= 0\nEnd\n';
  const solution = await solve(program, 10_000);
  expect(solution?.isOptimal).toBe(true);
  expect(solution?.objective).toBeCloseTo(1.5);
});

test('a program without a solution has none', async () => {
  expect(await solve('Minimize\n obj: x\nSubject To\n a: x <= -1\nEnd\n', 10_000)).toBeUndefined();
});

test('an improved plan is no longer, no less than its bound, and keeps every constraint', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fleets({ hosts: 5, vms: 12 }), async (inventory) => {
      const plan = planMoves(inventory, wanted, options());
      const improved = await improvedPlan(inventory, wanted, options, 10_000);
      expect(violationsOf(inventory, improved, ['h0'])).toEqual([]);
      expect(improved.remaining).toHaveLength(plan.remaining.length);
      expect(improved.makespanMs.p50).toBeLessThanOrEqual(plan.makespanMs.p50);
      if (improved.remaining.length === 0)
        expect(improved.makespanMs.p50).toBeGreaterThanOrEqual(
          improved.placementBoundMs * (1 - 1e-6),
        );
    }),
    { numRuns: 25 },
  );
});

test('the bound of the slow cards that have to take all in is found', async () => {
  const hosts = [
    hostOf('h0', { bandwidthBytesPerSecond: 1e9 }),
    hostOf('h1', { bandwidthBytesPerSecond: 50e6 }),
    hostOf('h2', { bandwidthBytesPerSecond: 50e6 }),
  ];
  const vms = [1, 2].map((index) => vmOf(`v${index}`, 'h0', { touchedBytes: 1e9 }));
  const plan = await improvedPlan(inventoryOf(hosts, vms), wanted, options, 10_000);
  expect(plan.placementBoundMs).toBeCloseTo(20_450, -1);
});
