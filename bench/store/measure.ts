import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** What one kind of call took, ms. */
export interface Timing {
  readonly name: string;
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** So many calls come before what is counted: plans are made and pages are read. */
const warmUps = 3;
/** A kind of call that is slow is asked less often, but never less than this. */
const fewest = 5;

/** Calls one after another, until `calls` have been made or `longestMs` is over. */
export async function timed(
  name: string,
  effort: { readonly calls: number; readonly longestMs: number },
  call: (index: number) => Promise<unknown>,
): Promise<Timing> {
  for (let index = 0; index < warmUps; index += 1) {
    await call(index);
    await turn();
  }
  const took: number[] = [];
  const endMs = performance.now() + effort.longestMs;
  while (took.length < effort.calls && (took.length < fewest || performance.now() < endMs)) {
    const startMs = performance.now();
    await call(warmUps + took.length);
    took.push(performance.now() - startMs);
    await turn();
  }
  return timingOf(name, took);
}

/** SQLite answers without a turn of the event loop: between two calls it gets one. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function timingOf(name: string, tookMs: readonly number[]): Timing {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return { name, calls: sorted.length, p50Ms: at(sorted, 0.5), p99Ms: at(sorted, 0.99) };
}

/** The value below which this share lies: of a hundred, p99 is the second highest. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** How many of these calls come to an end a second, `inFlight` at a time, for `ms`. */
export async function rate(
  inFlight: number,
  ms: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  const startMs = performance.now();
  let index = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() < startMs + ms) await call(index++);
    }),
  );
  return index / ((performance.now() - startMs) / 1000);
}

/** The longest that nothing else could run in this process while this was done, ms. */
export async function longestStallMs(work: () => Promise<unknown>): Promise<number> {
  const resolutionMs = 5;
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  // The first and the last turn belong to it: what has not begun or not ended is not seen.
  await sleep(4 * resolutionMs);
  await work();
  await sleep(4 * resolutionMs);
  delay.disable();
  return delay.max / 1e6;
}
