import type { Sample } from './telemetry.ts';

/** One reading, reduced to the sums that mean the same in every QEMU. */
export interface Point {
  readonly atMs: number;
  readonly remainingBytes: number;
  /** Put on the wire. */
  readonly sentBytes: number;
  /** What that would have been without compression. */
  readonly plainBytes: number;
  /** Memory disposed of so far: pages sent, with their content or as constant. */
  readonly disposedBytes: number;
  /** Changes when QEMU has looked for dirty pages since the last reading. Its size means nothing. */
  readonly syncs: number;
}

export function pointOf(sample: Sample, compressed: boolean): Point {
  return {
    atMs: sample.atMs,
    remainingBytes: sample.memoryRemainingBytes,
    sentBytes: sample.memorySentBytes,
    plainBytes: compressed ? sample.normalPages * sample.pageSizeBytes : sample.memorySentBytes,
    disposedBytes: (sample.normalPages + sample.constantPages) * sample.pageSizeBytes,
    syncs: sample.iteration,
  };
}

/** Memory that became dirty between two readings, as far as QEMU had seen it. */
export function inflowBetween(from: Point, to: Point): number {
  return to.remainingBytes - from.remainingBytes + to.disposedBytes - from.disposedBytes;
}

/** The value in the middle of a few; `undefined` of none. Each is inserted in its place: no sort is as fast for so few. */
export function median(values: readonly number[]): number | undefined {
  const sorted: number[] = [];
  for (const value of values) {
    let place = sorted.length;
    for (; place > 0; place -= 1) {
      const before = sorted[place - 1];
      if (before === undefined || before <= value) break;
      sorted[place] = before;
    }
    sorted[place] = value;
  }
  return sorted[Math.floor(values.length / 2)];
}
