/** What ends a sleep before its time: an AbortSignal, or what is as good and smaller. */
export interface Waker {
  readonly aborted: boolean;
  addEventListener(type: 'abort', wake: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', wake: () => void): void;
}

/** Time as everything that waits sees it: the machine's own, or a simulation's. */
export interface Clock {
  /** Monotonic ms; only differences mean something. */
  nowMs(): number;
  /** Resolves after `ms` (below 0: what was due is over already), or as soon as the waker aborts. Never rejects. */
  sleep(ms: number, waker?: Waker): Promise<void>;
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms, waker) => {
    if (waker?.aborted === true) return Promise.resolve();
    // All that it needs is in one function's scope: thousands sleep at a time.
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => {
      clearTimeout(timer);
      waker?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    waker?.addEventListener('abort', done, { once: true });
    return promise;
  },
};
