import type { Sample } from '../telemetry.ts';

/** A reading in the midst of pre-copy, but for what is given. */
export function reading(given: Partial<Sample>): Sample {
  return {
    atMs: 1_000,
    memoryTotalBytes: 2 ** 30,
    memoryRemainingBytes: 2 ** 29,
    memorySentBytes: 2 ** 29,
    normalPages: 2 ** 17,
    constantPages: 0,
    pageSizeBytes: 4096,
    dirtyRateBytesPerSecond: 0,
    throughputBytesPerSecond: 100 * 2 ** 20,
    iteration: 1,
    throttlePercent: 0,
    postCopyRequests: 0,
    phase: 'pre-copy',
    ...given,
  };
}
