import type { Clock } from './clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/**
 * Time that moves only when nothing else is left to do: an hour of simulated migrations passes in
 * the time that its events take to compute. Events at one instant fire in the order of their making.
 */
export class VirtualClock implements Clock {
  readonly #timers: Timer[] = [];
  #nowMs = 0;
  #made = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  /** Calls `fire` at `atMs` (at once, if that is past); the returned function withdraws it. */
  schedule(atMs: number, fire: () => void): () => void {
    const timer: Timer = { atMs: Math.max(atMs, this.#nowMs), order: this.#made++, fire };
    this.#insert(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const onAbort = (): void => {
        withdraw();
        resolve();
      };
      const withdraw = this.schedule(this.#nowMs + ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Runs time forward until `work` settles. Rejects where the work waits for something that no
   * timer will bring, or takes longer than `limitMs` of simulated time.
   */
  async run<T>(work: Promise<T>, limitMs = 86_400_000): Promise<T> {
    let settled = false;
    const watched = work.finally(() => {
      settled = true;
    });
    watched.catch(() => undefined);
    for (;;) {
      // Everything that is ready at this instant runs before time moves.
      await new Promise((resolve) => setImmediate(resolve));
      if (settled) return watched;
      const next = this.#timers.shift();
      if (next === undefined) throw new Error('The simulation has come to rest with work undone');
      if (next.atMs > limitMs) throw new Error(`The simulation ran past ${limitMs} ms`);
      this.#nowMs = next.atMs;
      next.fire();
    }
  }

  #insert(timer: Timer): void {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#timers[middle];
      const before = other !== undefined && other.atMs <= timer.atMs;
      if (before) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }
}
