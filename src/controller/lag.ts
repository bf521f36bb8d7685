import type { Clock } from '../hypervisor/clock.ts';

/** So many of the newest waits say how late we are. */
const mostKept = 4_096;

/** A clock that notes how much later than asked its sleepers wake: that late are decisions. */
export class LagClock implements Clock {
  readonly #clock: Clock;
  readonly #lateMs = new Float64Array(mostKept);
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const dueMs = this.#clock.nowMs() + ms;
    await this.#clock.sleep(ms, signal);
    if (signal?.aborted === true) return;
    this.#lateMs[this.#count % mostKept] = Math.max(0, this.#clock.nowMs() - dueMs);
    this.#count += 1;
  }

  /** The lateness that this share (0 to 1) of the newest waits stays within, ms. */
  quantiles(shares: readonly number[]): readonly number[] {
    const sorted = this.#lateMs.slice(0, Math.min(this.#count, mostKept)).toSorted();
    return shares.map(
      (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0,
    );
  }
}
