import type { Connection, LifecycleEvent } from '../../libvirt/index.ts';
import type { Clock } from '../clock.ts';
import type { DomainChange, DomainChangeKind } from '../port.ts';
import type { Line } from './line.ts';

type Listener = (change: DomainChange) => void;

/** How long to wait before events are asked for again on a host that was lost, ms. */
const againMs = 2_000;

/** The events of one host, for whoever watches one of its domains. */
export class Watch {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #closing = new AbortController();
  #subscribed: Promise<void> | undefined;

  constructor(line: Line, clock: Clock) {
    this.#line = line;
    this.#clock = clock;
  }

  async add(uuid: string, listener: Listener): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(uuid) ?? new Set();
    this.#listeners.set(uuid, listeners);
    listeners.add(listener);
    this.#subscribed ??= this.#subscribe();
    await this.#subscribed;
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(uuid);
      return Promise.resolve();
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#line.close();
  }

  async #subscribe(): Promise<void> {
    const connection = await this.#line.get();
    await Promise.all([
      connection.subscribe('lifecycle', (event) => this.#tell(event.domain.uuid, kindOf(event))),
      connection.subscribe('job-completed', ({ domain }) =>
        this.#tell(domain.uuid, 'job-completed'),
      ),
      connection.subscribe('migration-iteration', ({ domain }) =>
        this.#tell(domain.uuid, 'iteration'),
      ),
    ]);
    void this.#followLoss(connection);
  }

  /** Events are not replayed: whoever watches is told of the gap, and looks for himself. */
  async #followLoss(connection: Connection): Promise<void> {
    await connection.closed;
    if (this.#closing.signal.aborted) return;
    for (const uuid of this.#listeners.keys()) this.#tell(uuid, 'connection-lost');
    await this.#resubscribe();
  }

  async #resubscribe(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#subscribe();
        return;
      } catch {
        // The host's own answers, which the watchers ask for, tell that it is not there.
        await this.#clock.sleep(againMs, this.#closing.signal);
      }
    }
  }

  #tell(uuid: string, kind: DomainChangeKind): void {
    const change = { kind, atMs: this.#clock.nowMs() };
    for (const listener of this.#listeners.get(uuid) ?? []) listener(change);
  }
}

/** What an event means to a migration. */
export function kindOf({ event, detail }: LifecycleEvent): DomainChangeKind {
  if (detail === 'post-copy-failed') return 'post-copy-failed';
  if (event === 'suspended') {
    return detail === 'migrated' || detail === 'post-copy' ? 'suspended-for-switch-over' : 'other';
  }
  if (event === 'resumed' && detail === 'post-copy') return 'resumed-split';
  return event === 'resumed' || event === 'stopped' ? event : 'other';
}
