/** The longest that a timer can be set for, in ms. */
const longestMs = 2 ** 31 - 1;

/**
 * One timer for the deadlines of all calls. A timer for each has to be set before its call is sent and
 * cleared when it is answered, and both go through the runtime into libuv: a call with nothing else
 * under way then takes 2 to 4 µs more of some 20 µs of processor time.
 */
export class Deadlines {
  readonly #expire: (nowMs: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  /** `expire` gives up what is due by then and returns the next deadline, Infinity without one. */
  constructor(expire: (nowMs: number) => number) {
    this.#expire = expire;
  }

  /** Has `expire` called at that time of `performance.now`, or before. */
  watch(deadlineMs: number): void {
    if (deadlineMs >= this.#dueMs) return;
    this.stop();
    this.#dueMs = deadlineMs;
    const waitMs = Math.min(Math.ceil(deadlineMs - performance.now()), longestMs);
    this.#timer = setTimeout(() => this.#fire(), waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.watch(this.#expire(performance.now()));
  }
}
