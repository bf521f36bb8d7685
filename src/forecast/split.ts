import type { Sample } from './telemetry.ts';

/** A guest that runs at its destination while the rest of its memory follows, by the readings since its switch. */
export interface Split {
  /** When it was first seen to run so, ms. */
  readonly sinceMs: number;
  /** The readings of the last second, the newest last. */
  readonly seen: readonly SplitPoint[];
}

/** One reading in post-copy. */
export type SplitPoint = Pick<Sample, 'atMs' | 'memoryRemainingBytes' | 'pageSizeBytes'> & {
  /** Pages that the guest has asked for so far. */
  readonly askedPages: number;
};

/** What the guest asks for changes with what has arrived: older readings say nothing of now. */
const rememberedMs = 1_000;

export function observeSplit(split: Split | undefined, sample: Sample): Split {
  const { atMs, memoryRemainingBytes, pageSizeBytes, postCopyRequests: askedPages } = sample;
  const point = { atMs, memoryRemainingBytes, pageSizeBytes, askedPages };
  const before = (split?.seen ?? []).filter((one) => one.atMs >= atMs - rememberedMs);
  return { sinceMs: split?.sinceMs ?? atMs, seen: [...before, point] };
}

/**
 * How many pages the guest asked for in a second, by the readings since `fromMs`; `undefined` where those span less
 * than `leastMs`.
 */
export function askedPerSecond(split: Split, fromMs: number, leastMs: number): number | undefined {
  const first = split.seen.find(({ atMs }) => atMs >= fromMs);
  const last = split.seen.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < leastMs)
    return undefined;
  return ((last.askedPages - first.askedPages) / (last.atMs - first.atMs)) * 1000;
}

/** The most pages that it asked for in a second, from one reading to the next. */
export function askedPeakPerSecond({ seen }: Split): number {
  const rates = seen.slice(1).map((point, index) => {
    const before = seen[index] ?? point;
    const ms = Math.max(leastStepMs, point.atMs - before.atMs);
    return ((point.askedPages - before.askedPages) / ms) * 1000;
  });
  return Math.max(0, ...rates);
}

/** Two readings that follow closer than this show no rate, ms. */
const leastStepMs = 40;
