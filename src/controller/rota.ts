import type { Store } from '../store/store.ts';
import type { World } from './world.ts';

/** Something that one replica does for all, again and again. */
export interface Duty {
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<unknown>;
}

/** Has each duty done by one replica at a time. */
export class Rota {
  readonly #owner: string;
  readonly #store: Store;
  readonly #world: World;
  readonly #log: (message: string, error: unknown) => void;
  readonly #end = new AbortController();
  #running: readonly Promise<void>[] = [];

  constructor(
    owner: string,
    store: Store,
    world: World,
    log: (message: string, error: unknown) => void,
  ) {
    this.#owner = owner;
    this.#store = store;
    this.#world = world;
    this.#log = log;
  }

  start(duties: readonly Duty[]): void {
    this.#running = duties.map((duty) => this.#keepDoing(duty));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#running);
  }

  async #keepDoing({ name, everyMs, work }: Duty): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        // Who does not come back to it within two turns has gone.
        if (await this.#store.replicas.duty(name, this.#owner, 2 * everyMs)) await work();
      } catch (error) {
        this.#log(`the ${name} could not be done`, error);
      }
      await this.#world.clock.sleep(everyMs, signal);
    }
  }
}
