import type { DirtyMemory } from './simulated-memory.ts';
import type { Stream } from './simulated-stream.ts';

/** QEMU sends for so long before it compares what is left with the limit (MAX_WAIT of its ram.c). */
const sliceMs = 50;
/** What its sender hands to a full socket when the slice is over, and waits for: measured on the lab. */
const overrunBytes = 0.42 * 2 ** 20;
/** Two looks for dirty pages are at least this far apart: looking takes time, too. */
const leastMs = 2;
/** Once it throttles, QEMU 10 looks at least this often, also in the middle of a pass. */
const throttledMs = 5_000;
/** So much more or less than the limit, or earlier or later, is the rounding of sums. */
const roundingBytes = 2048;
const roundingMs = 1e-6;

/**
 * When QEMU looks for dirty pages: every `syncMs` and whenever it has sent all that it knew of, or,
 * where `syncMs` is Infinity, when what it knows of fits the limit.
 */
export class Looks {
  readonly #syncMs: number;
  readonly #memory: DirtyMemory;
  readonly #stream: Stream;

  constructor(syncMs: number, memory: DirtyMemory, stream: Stream) {
    this.#syncMs = syncMs;
    this.#memory = memory;
    this.#stream = stream;
  }

  /** Time until the next look, ms; Infinity while nothing moves. */
  nextMs(sinceLastMs: number, limitBytes: number, throttlePercent: number): number {
    const stream = this.#stream;
    const allSentMs = stream.handingMs(this.#costBytes(0));
    const slice = sliceMs + this.#overrunMs;
    const fitsMs = Math.ceil(stream.handingMs(this.#costBytes(limitBytes)) / slice) * slice;
    const wantedMs = this.#isContinuous ? allSentMs : Math.min(allSentMs, fitsMs);
    return Math.min(
      Math.max(0, this.#longestMs(throttlePercent) - sinceLastMs),
      Math.max(leastMs, wantedMs),
    );
  }

  /** Whether the look that was planned for now takes place. */
  isDue(sinceLastMs: number, limitBytes: number, throttlePercent: number): boolean {
    if (this.#isContinuous) return true;
    const overdue = sinceLastMs >= this.#longestMs(throttlePercent) - roundingMs;
    return overdue || this.#costBytes(limitBytes) <= roundingBytes;
  }

  get #isContinuous(): boolean {
    return this.#syncMs !== Infinity;
  }

  get #overrunMs(): number {
    const { bytesPerSecond } = this.#stream;
    return bytesPerSecond > 0 ? (overrunBytes / bytesPerSecond) * 1000 : 0;
  }

  #longestMs(throttlePercent: number): number {
    const most = throttlePercent > 0 ? throttledMs : Infinity;
    return Math.min(this.#syncMs, most) + this.#overrunMs;
  }

  #costBytes(except: number): number {
    return this.#memory.costBytes(this.#stream.linkBytesPerSecond, except);
  }
}
