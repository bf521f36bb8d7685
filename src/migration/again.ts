import type { Way, Ways } from '../hypervisor/port.ts';

const firstWaitMs = 5_000;
const longestWaitMs = 60_000;
/** Some six minutes in all: what has not come back by then needs a person. */
const mostFailures = 8;

/**
 * How long to wait before a migration that has failed so often is tried again, ms; `undefined`:
 * not again. The waits grow, so that a host or link in trouble is not kept busy by failures.
 */
export function againAfterMs(failures: number): number | undefined {
  if (failures >= mostFailures) return undefined;
  return Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1));
}

/** The ways in the order in which a later attempt takes them: what failed may have been the way. */
export function waysAfter([first, ...others]: Ways, failures: number): Ways {
  const all: readonly Way[] = [first, ...others];
  const turn = failures % all.length;
  const [next = first, ...rest] = [...all.slice(turn), ...all.slice(0, turn)];
  return [next, ...rest];
}

/** What the last attempt has shown: each begins its time anew. */
export function lastAttempt<T extends { readonly atMs: number }>(
  samples: readonly T[],
): readonly T[] {
  const begins = samples.findLastIndex(
    ({ atMs }, index) => atMs < (samples[index - 1]?.atMs ?? -Infinity),
  );
  return begins < 0 ? samples : samples.slice(begins);
}
