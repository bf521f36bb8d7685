export interface KeepAliveOptions {
  /** Silence after which a probe is sent, and time between probes. */
  readonly intervalMs: number;
  /** Probes without any answer after which the peer counts as dead. */
  readonly count: number;
}

/** Notices a peer that has fallen silent. */
export class KeepAlive {
  readonly #timer: NodeJS.Timeout;
  #heard = true;
  #unanswered = 0;

  constructor(options: KeepAliveOptions, probe: () => void, onDead: () => void) {
    this.#timer = setInterval(() => {
      if (this.#heard) this.#unanswered = 0;
      else if (this.#unanswered >= options.count) return onDead();
      else {
        this.#unanswered += 1;
        probe();
      }
      this.#heard = false;
      return undefined;
    }, options.intervalMs);
  }

  /** Anything at all came from the peer. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
