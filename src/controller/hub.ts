import type { Clock } from '../hypervisor/clock.ts';
import type { Store } from '../store/store.ts';
import type { LiveEvent, ProgressOf } from './controller.ts';

/** How often what happened on other replicas is looked for, and how often progress, ms. */
const eventsMs = 250;
const progressMs = 1_000;
const mostAtOnce = 1_000;

type Listener = (event: LiveEvent) => void;

interface Looking {
  readonly end: AbortController;
  /** The newest event is known: all that come after it will be told. */
  readonly ready: Promise<void>;
}

/** Tells everybody who listens what happens, of all replicas: the store is what they share. */
export class Hub {
  readonly #listeners = new Map<Listener, ProgressOf>();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: (message: string, error: unknown) => void;
  #looking: Looking | undefined;

  constructor(store: Store, clock: Clock, log: (message: string, error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when nothing is missed any more: what the store has by then can be read from it. */
  async subscribe(tell: Listener, progressOf: ProgressOf = 'all'): Promise<() => void> {
    const listener: Listener = (event) => tell(event);
    const leave = (): void => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
    this.#listeners.set(listener, progressOf);
    try {
      await this.#begin();
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  close(): void {
    this.#looking?.end.abort();
    this.#looking = undefined;
  }

  #begin(): Promise<void> {
    this.#looking ??= this.#look();
    return this.#looking.ready;
  }

  #look(): Looking {
    const end = new AbortController();
    return { end, ready: this.#beginLooking(end.signal) };
  }

  async #beginLooking(end: AbortSignal): Promise<void> {
    try {
      const { last } = await this.#store.events.range();
      void this.#lookForEvents(last, end);
      void this.#lookForProgress(end);
    } catch (error) {
      this.#looking = undefined;
      throw error;
    }
  }

  async #lookForEvents(from: number, end: AbortSignal): Promise<void> {
    let seq = from;
    while (!end.aborted) {
      try {
        const events = await this.#store.events.after(seq, mostAtOnce);
        for (const event of events) this.#tell({ kind: 'event', ...event });
        seq = events.at(-1)?.seq ?? seq;
        if (events.length === mostAtOnce) continue;
      } catch (error) {
        this.#log('events cannot be read', error);
      }
      await this.#clock.sleep(eventsMs, end);
    }
  }

  async #lookForProgress(end: AbortSignal): Promise<void> {
    let since: number | undefined;
    while (!end.aborted) {
      try {
        const { now, items } = await this.#store.migrations.progressSince(since, this.#followed());
        for (const migration of items) this.#tell({ kind: 'progress', migration });
        since = now;
      } catch (error) {
        this.#log('progress cannot be read', error);
      }
      await this.#clock.sleep(progressMs, end);
    }
  }

  /** Whose progress anybody hears; `undefined`: everybody's. */
  #followed(): readonly string[] | undefined {
    const wanted = [...this.#listeners.values()];
    if (wanted.includes('all')) return undefined;
    return [...new Set(wanted.flatMap((of) => (typeof of === 'string' ? [] : [of.migration])))];
  }

  /** What one listener makes of it is no matter of the others, nor of what comes after. */
  #tell(event: LiveEvent): void {
    for (const [listener, of] of this.#listeners)
      try {
        if (concerns(event, of)) listener(event);
      } catch (error) {
        this.#log('a listener failed at an event', error);
      }
  }
}

function concerns(event: LiveEvent, of: ProgressOf): boolean {
  if (event.kind === 'event' || of === 'all') return true;
  return of !== 'none' && of.migration === event.migration.id;
}
