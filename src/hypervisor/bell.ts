import type { Waker } from './clock.ts';

/**
 * Wakes who sleeps by it, as an AbortController does, and can be hushed to ring again. Thousands sleep at
 * a time: this is one small object where that is half a dozen.
 */
export class Bell implements Waker {
  #rung = false;
  #listeners: readonly (() => void)[] = nobody;

  /** Whether it has rung, and was not hushed since. */
  get aborted(): boolean {
    return this.#rung;
  }

  /** Who hears it once does not hear it again. */
  addEventListener(_type: 'abort', wake: () => void): void {
    this.#listeners = this.#listeners.concat(wake);
  }

  removeEventListener(_type: 'abort', wake: () => void): void {
    const left = this.#listeners.filter((one) => one !== wake);
    this.#listeners = left.length === 0 ? nobody : left;
  }

  ring(): void {
    const listeners = this.#listeners;
    this.#rung = true;
    this.#listeners = nobody;
    for (const wake of listeners) wake();
  }

  /** Whoever sleeps by it from now on sleeps until it rings again. */
  hush(): void {
    this.#rung = false;
  }
}

/** Most of the time nobody listens: there is one empty list for all. */
const nobody: readonly (() => void)[] = [];
