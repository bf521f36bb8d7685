import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

const answerSchema = z.object({
  status: z.string(),
  /** Infinite where nothing was found. */
  objective: z.custom<number>((value) => typeof value === 'number'),
  values: z.record(z.string(), z.number()),
});

/** What a solver found. */
export interface Solution {
  /** Whether nothing is better; else it is the best that was found in time. */
  readonly isOptimal: boolean;
  readonly objective: number;
  readonly values: Readonly<Record<string, number>>;
}

/** The thread is ended when it has taken this many times what it was given: it does not look at the clock all the time. */
const graceTimes = 2;

/**
 * Solves a program in CPLEX LP format with HiGHS, in a thread of its own that ends with it. `undefined`: it has
 * no solution, or none was found in `ms`. Rejects where the solver itself fails.
 */
export async function solve(program: string, ms: number): Promise<Solution | undefined> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./highs-worker.${extension}`, import.meta.url), {
    workerData: { program, seconds: ms / 1000 },
  });
  const end = AbortSignal.timeout(ms * graceTimes);
  try {
    const [message] = await once(worker, 'message', { signal: end });
    const { status, objective, values } = answerSchema.parse(message);
    const found = status === 'Optimal' || status === 'Time limit reached';
    if (!found || Object.keys(values).length === 0 || !Number.isFinite(objective)) return undefined;
    return { isOptimal: status === 'Optimal', objective, values };
  } catch (error) {
    if (end.aborted) return undefined;
    throw error;
  } finally {
    await worker.terminate();
  }
}
