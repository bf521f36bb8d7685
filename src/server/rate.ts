/** How much one may ask: on the average, and at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

const mostRemembered = 10_000;

/** A bucket of tokens for everybody who asks. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(rate: Rate, nowMs: () => number) {
    this.#rate = rate;
    this.#nowMs = nowMs;
  }

  /** How long to wait, ms; 0: go on. */
  take(who: string): number {
    const nowMs = this.#nowMs();
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(who) ?? { left: burst, atMs: nowMs };
    const left = Math.min(burst, bucket.left + ((nowMs - bucket.atMs) / 1000) * perSecond);
    if (this.#buckets.size > mostRemembered) this.#buckets.clear();
    this.#buckets.set(who, { left: left >= 1 ? left - 1 : left, atMs: nowMs });
    return left >= 1 ? 0 : ((1 - left) / perSecond) * 1000;
  }
}
