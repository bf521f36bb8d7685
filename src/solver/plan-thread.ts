import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import type { Inventory } from '../planner/inventory.ts';
import { type Plan, planMoves } from '../planner/plan.ts';
import type { Wanted } from '../planner/wanted.ts';

/** Pairs of VM and host that are planned within a few ms, without a thread. */
export const pairsAtOnce = 4_000;

const planSchema = z.custom<Plan>(
  (value) => typeof value === 'object' && value !== null && 'moves' in value,
);

/**
 * `planMoves`, for who has other things to do meanwhile: a large fleet is planned in a thread of its own.
 * Rejects as `planMoves` throws.
 */
export async function planBeside(
  inventory: Inventory,
  wanted: Wanted,
  seed: number,
): Promise<Plan> {
  if (inventory.hosts.length * inventory.vms.length <= pairsAtOnce)
    return planMoves(inventory, wanted, { random: randomFrom(seed) });
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./plan-worker.${extension}`, import.meta.url), {
    workerData: { inventory, wanted, seed },
  });
  try {
    const [message] = await once(worker, 'message');
    return planSchema.parse(message);
  } finally {
    await worker.terminate();
  }
}
