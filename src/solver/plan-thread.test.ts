import { expect, test } from 'vitest';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import { planMoves } from '../planner/plan.ts';
import { gib, hostOf, inventoryOf, vmOf } from '../planner/testing/fleets.ts';
import { pairsAtOnce, planBeside } from './plan-thread.ts';

const wanted = { drain: ['h0'], importance: 'high' } as const;

test('a plan made in a thread is the one that is made without', async () => {
  const hosts = Array.from({ length: 30 }, (_, index) => hostOf(`h${index}`));
  const vms = Array.from({ length: 150 }, (_, index) =>
    vmOf(`v${index}`, `h${index % 10}`, { memoryBytes: gib, touchedBytes: gib / 2 }),
  );
  expect(hosts.length * vms.length).toBeGreaterThan(pairsAtOnce);
  const inventory = inventoryOf(hosts, vms);
  const plan = await planBeside(inventory, wanted, 7);
  expect(plan).toEqual(planMoves(inventory, wanted, { random: randomFrom(7) }));
  expect(plan.moves).toHaveLength(15);
});

test('what a thread cannot plan is told as it is without', async () => {
  const hosts = Array.from({ length: 100 }, (_, index) => hostOf(`h${index}`));
  const vms = Array.from({ length: 50 }, (_, index) => vmOf(`v${index}`, 'h1'));
  const nowhere = { ...wanted, drain: ['h999'] };
  await expect(planBeside(inventoryOf(hosts, vms), nowhere, 1)).rejects.toThrow(
    'there is no host h999',
  );
});
