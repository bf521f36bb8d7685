import type { WireEvent } from './protocol/events.ts';

/** Events kept for a subscription whose number the daemon has not told yet. */
const mostEarly = 256;

type Handler = (event: WireEvent) => void;

/**
 * Brings events to their subscribers. The reader only notes them here; handlers run after it is
 * done with what has arrived, so none of them can hold it up. What a handler throws is not caught:
 * it surfaces as any listener's error does.
 */
export class EventDispatcher {
  readonly #handlers = new Map<number, Handler>();
  #registering = 0;
  #early: WireEvent[] = [];

  readonly note = (event: WireEvent): void => {
    const { callback } = event.payload;
    if (this.#handlers.has(callback)) this.#deliver(event);
    else if (this.#registering > 0 && this.#early.length < mostEarly) this.#early.push(event);
  };

  /** `register` asks the daemon; events that overtake its answer are not lost. */
  async add(register: () => Promise<number>, handler: Handler): Promise<number> {
    this.#registering += 1;
    try {
      const callback = await register();
      this.#handlers.set(callback, handler);
      const early = this.#early.filter((event) => event.payload.callback === callback);
      for (const event of early) this.#deliver(event);
      return callback;
    } finally {
      this.#registering -= 1;
      if (this.#registering === 0) this.#early = [];
    }
  }

  remove(callback: number): void {
    this.#handlers.delete(callback);
  }

  #deliver(event: WireEvent): void {
    queueMicrotask(() => this.#handlers.get(event.payload.callback)?.(event));
  }
}
