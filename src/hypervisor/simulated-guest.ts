/** How a simulated guest uses its memory. Bytes and bytes/s. */
export interface GuestModel {
  readonly name: string;
  readonly memoryBytes: number;
  /** Memory that was ever written: what the first pass has to carry. */
  readonly touchedBytes: number;
  /** The part that is written again and again. */
  readonly workingSetBytes: number;
  /** Writes per second, spread evenly over the working set. */
  readonly writeBytesPerSecond: number;
  /** Share of its writes that a CPU throttle takes away, 1 for a guest that only computes. */
  readonly throttleEffect: number;
}

/**
 * Distinct bytes written within `ms` after a clean start: W(t) = S (1 - exp(-r t / S)), the expected
 * number of distinct cells hit by writes that fall at random on S of them.
 */
export function writtenBytes(guest: GuestModel, ms: number, throttlePercent: number): number {
  const share = 1 - guest.throttleEffect * (throttlePercent / 100);
  const rate = guest.writeBytesPerSecond * share;
  const set = guest.workingSetBytes;
  if (set <= 0 || rate <= 0) return 0;
  return set * (1 - Math.exp((-rate * (ms / 1000)) / set));
}

/**
 * What is dirty after `left` bytes of a pass were still unsent and `written` bytes were written
 * meanwhile: their union. Unsent pages lie as densely in the working set as in all of `of`.
 */
export function unionBytes(guest: GuestModel, left: number, of: number, written: number): number {
  const base = Math.max(of, guest.workingSetBytes, 1);
  return left + written * (1 - Math.min(1, left / base));
}
