/** How often a post-copy broke, and for how long the guest stood still for it. */
export class Breaks {
  #count = 0;
  #stalledMs = 0;
  #brokenAtMs: number | undefined;

  get count(): number {
    return this.#count;
  }

  /**
   * From the moment when a break was seen to the one when it was seen to go on, ms: the guest goes
   * on with the pages that it has, so that it may have waited for less.
   */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  /** It broke, or is broken still. */
  broke(atMs: number): void {
    if (this.#brokenAtMs !== undefined) return;
    this.#brokenAtMs = atMs;
    this.#count += 1;
  }

  /** What looked like a break was none: only the daemons had lost each other. */
  wasNone(): void {
    if (this.#brokenAtMs === undefined) return;
    this.#brokenAtMs = undefined;
    this.#count -= 1;
  }

  /** It goes on, after so many ms; `undefined` where it was not broken. */
  wentOn(atMs: number): number | undefined {
    if (this.#brokenAtMs === undefined) return undefined;
    const ms = Math.max(0, atMs - this.#brokenAtMs);
    this.#brokenAtMs = undefined;
    this.#stalledMs += ms;
    return ms;
  }
}
