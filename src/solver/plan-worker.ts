import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import type { Inventory } from '../planner/inventory.ts';
import { planMoves } from '../planner/plan.ts';
import type { Wanted } from '../planner/wanted.ts';

/** Makes one plan and ends: see plan-thread.ts, which alone begins it. */
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const { inventory, wanted, seed } = z
  .object({
    inventory: z.custom<Inventory>(isObject),
    wanted: z.custom<Wanted>(isObject),
    seed: z.number(),
  })
  .parse(workerData);
const plan = planMoves(inventory, wanted, { random: randomFrom(seed) });
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage(plan);
