import type { Clock, Waker } from './clock.ts';
import { TimerHeap } from './virtual-clock-timers.ts';

/** So many events pass before other work of the process, such as its real timers, gets a turn. */
const eventsPerTurn = 20_000;
/** Turns that real work, such as a file that is read, gets before the simulation counts as at rest. */
const turnsAtRest = 3;

/** How closely another clock is followed, ms. */
const followMs = 2;

/**
 * Time that moves only when nothing else is left to do: an hour of simulated migrations passes in
 * the time that its events take to compute. Events at one instant fire in the order of their making.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  /** Calls `fire` at `atMs` (at once, if that is past); the returned function withdraws it. */
  schedule(atMs: number, fire: () => void): () => void {
    const timer = this.#timers.add(Math.max(atMs, this.#nowMs), fire);
    return () => {
      timer.fire = undefined;
    };
  }

  sleep(ms: number, waker?: Waker): Promise<void> {
    return new Promise((resolve) => {
      if (waker === undefined) {
        this.#timers.add(this.#nowMs + Math.max(0, ms), resolve);
        return;
      }
      if (waker.aborted) {
        resolve();
        return;
      }
      const onAbort = (): void => {
        withdraw();
        resolve();
      };
      const withdraw = this.schedule(this.#nowMs + ms, () => {
        waker.removeEventListener('abort', onAbort);
        resolve();
      });
      waker.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets time pass as it does on another clock, until `end` aborts. */
  async follow(clock: Clock, end: AbortSignal): Promise<void> {
    const originMs = clock.nowMs() - this.#nowMs;
    while (!end.aborted) {
      this.#passTo(clock.nowMs() - originMs);
      await clock.sleep(followMs, end);
    }
  }

  #passTo(untilMs: number): void {
    for (;;) {
      const next = this.#timers.take(untilMs);
      if (next === undefined) break;
      this.#nowMs = next.atMs;
      next.fire();
    }
    this.#nowMs = untilMs;
  }

  /**
   * Runs time forward until `work` settles. Rejects where the work waits for something that no
   * timer will bring, or takes longer than `limitMs` of simulated time.
   */
  run<T>(work: Promise<T>, limitMs = 86_400_000): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    work.then(settle, settle);
    return new Promise((resolve, reject) => {
      let events = 0;
      let idleTurns = 0;
      const step = (): void => {
        if (settled) {
          work.then(resolve, reject);
          return;
        }
        const next = this.#timers.take();
        if (next === undefined) {
          idleTurns += 1;
          if (idleTurns <= turnsAtRest) setImmediate(afterReadyWork, step);
          else reject(new Error('The simulation has come to rest with work undone'));
          return;
        }
        if (next.atMs > limitMs) {
          reject(new Error(`The simulation ran past ${limitMs} ms`));
          return;
        }
        idleTurns = 0;
        this.#nowMs = next.atMs;
        next.fire();
        events += 1;
        if (events % eventsPerTurn === 0) setImmediate(afterReadyWork, step);
        else afterReadyWork(step);
      };
      afterReadyWork(step);
    });
  }
}

/**
 * Calls `step` when every promise that is ready has been followed: Node takes the next tick only
 * once its queue of micro-tasks is empty. Cheaper by far than a turn of the event loop.
 */
function afterReadyWork(step: () => void): void {
  queueMicrotask(() => {
    process.nextTick(step);
  });
}
