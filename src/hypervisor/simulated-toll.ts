import { elsewhereShare, faultMs, requestMs, stalledShare } from './simulated-faults.ts';
import { type GuestModel, workMs } from './simulated-guest.ts';

/** What a migration did to its guest, ms. */
export interface Toll {
  /** It stood still. */
  readonly pausedMs: number;
  /** Of its own time, what a throttle or pages that had to be fetched took away. */
  readonly slowedMs: number;
}

/** How memory comes in post-copy. */
export interface Flow {
  readonly linkBytesPerSecond: number;
  /** Whether what is sent unasked is held back. */
  readonly held: boolean;
  /** All that has not arrived. */
  readonly missingBytes: number;
}

/** Keeps count of what a migration does to its guest. */
export class TollKeeper {
  readonly #guest: GuestModel;
  #suspendedAtMs: number | undefined;
  #pausedMs = 0;
  #slowedMs = 0;
  #faults = 0;

  constructor(guest: GuestModel) {
    this.#guest = guest;
  }

  /** Pages that it asked for in post-copy and waited for. */
  get faults(): number {
    return this.#faults;
  }

  tollAt(nowMs: number): Toll {
    const standsStill = this.#suspendedAtMs === undefined ? 0 : nowMs - this.#suspendedAtMs;
    return { pausedMs: this.#pausedMs + standsStill, slowedMs: this.#slowedMs };
  }

  suspend(nowMs: number): void {
    this.#suspendedAtMs = nowMs;
  }

  /** The length of the pause that ends, ms; `undefined` where there was none. */
  resume(nowMs: number): number | undefined {
    if (this.#suspendedAtMs === undefined) return undefined;
    const pauseMs = nowMs - this.#suspendedAtMs;
    this.#pausedMs += pauseMs;
    this.#suspendedAtMs = undefined;
    return pauseMs;
  }

  /** @param workShare share of its work that a throttle left it, 0 to 1 */
  noteThrottle(ms: number, workShare: number): void {
    this.#slowedMs += (1 - workShare) * ms;
  }

  /** In post-copy, while the share of the pages it needs that had not arrived fell from `before` to `after`. */
  noteFaults(
    fromMs: number,
    untilMs: number,
    needed: { readonly before: number; readonly after: number },
    { linkBytesPerSecond, held, missingBytes }: Flow,
  ): void {
    const perFaultMs = faultMs(this.#guest, linkBytesPerSecond, held);
    const stalled = stalledShare(this.#guest, perFaultMs, needed.before, needed.after);
    const elsewhere = held ? 0 : elsewhereShare(this.#guest, missingBytes, linkBytesPerSecond);
    const atWorkMs = workMs(this.#guest, fromMs, untilMs);
    this.#slowedMs += atWorkMs * Math.max(stalled, elsewhere);
    const perRequestMs = requestMs(this.#guest, linkBytesPerSecond, held);
    // What it does elsewhere asks for few pages, and waits long for each: it hardly counts.
    if (perRequestMs > 0 && perRequestMs < Infinity)
      this.#faults += (atWorkMs * stalled) / perRequestMs;
  }

  /** What it asks for while the rest is held back, where this share of the pages that it needs has not arrived. */
  askedBytesPerSecond(neededShare: number, linkBytesPerSecond: number): number {
    const perFaultMs = faultMs(this.#guest, linkBytesPerSecond, true);
    const stalled = stalledShare(this.#guest, perFaultMs, neededShare, neededShare);
    return this.#guest.writeBytesPerSecond * neededShare * (1 - stalled);
  }
}
