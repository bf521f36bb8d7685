import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Clock, Waker } from '../hypervisor/clock.ts';

/** Waits that ended longer ago are forgotten, at the latest after twice that. */
const keptMs = 60_000;
const nsPerMs = 1e6;
/** A sleeper later than this counts as so late; within it, 1 % is told apart from 2 %. */
const range = { lowest: 1, highest: 3_600e9, figures: 2 };

/** A clock that notes how much later than asked its sleepers wake: that late are decisions. */
export class LagClock implements Clock {
  readonly #clock: Clock;
  #newest = createHistogram(range);
  #before = createHistogram(range);
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** Thousands sleep at a time: an async function would keep twice as much for each. */
  sleep(ms: number, waker?: Waker): Promise<void> {
    const dueMs = this.#clock.nowMs() + ms;
    const slept = this.#clock.sleep(ms, waker);
    return slept.then(() => this.#note(waker, this.#clock.nowMs() - dueMs));
  }

  /** Who was woken on purpose was not late. */
  #note(waker: Waker | undefined, lateMs: number): void {
    if (waker?.aborted === true) return;
    const lateNs = Math.round(lateMs * nsPerMs);
    this.#kept().record(Math.min(range.highest, Math.max(range.lowest, lateNs)));
  }

  /** Forgets all. */
  beginAnew(): void {
    this.#newest.reset();
    this.#before.reset();
    this.#sinceMs = this.#clock.nowMs();
  }

  /** The lateness that this share (0 to 1) of the waits kept stays within, ms. */
  quantiles(shares: readonly number[]): readonly number[] {
    const all = createHistogram(range);
    for (const part of [this.#kept(), this.#before]) if (part.count > 0) all.add(part);
    return shares.map((share) => (all.count === 0 ? 0 : all.percentile(100 * share) / nsPerMs));
  }

  #kept(): RecordableHistogram {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#sinceMs >= keptMs) {
      [this.#newest, this.#before] = [this.#before, this.#newest];
      this.#newest.reset();
      this.#sinceMs = nowMs;
    }
    return this.#newest;
  }
}
