import { DroverError } from '../errors/catalogue.ts';
import { Bell } from '../hypervisor/bell.ts';
import type { Clock, Waker } from '../hypervisor/clock.ts';
import type { Lease, MigrationRow, Wishes } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

/** How long a lease lasts, and how long before its end its holder stops to act, ms. */
export interface LeaseTimes {
  readonly ttlMs: number;
  readonly marginMs: number;
}

/** So many are renewed in one statement: the store holds up everything else on SQLite. */
const partSize = 500;
/** More than this are not renewed again within so long, ms: what people want of one is read with it. */
const many = 1_000;
const oldEnoughMs = 1_500;

/**
 * A holder that died is followed within the lease, and one round of looking for leases that ended:
 * together well under ten seconds. Renewed three to six times within it, so that one slow answer of
 * the store costs nothing.
 */
export const usualLeaseTimes: LeaseTimes = { ttlMs: 6_000, marginMs: 1_000 };

/** The right to act on one migration, by our own monotonic clock. */
export class HeldLease {
  readonly lease: Lease;
  readonly #clock: Clock;
  readonly #lost = new Bell();
  #untilMs: number;
  wishes: Wishes;

  constructor(row: MigrationRow, lease: Lease, clock: Clock, untilMs: number) {
    this.lease = lease;
    this.wishes = row;
    this.#clock = clock;
    this.#untilMs = untilMs;
  }

  /** Aborts when the lease is lost or given back. */
  get over(): Waker {
    return this.#lost;
  }

  /** On our clock, when it may not be acted on any more. */
  get untilMs(): number {
    return this.#untilMs;
  }

  holds(): boolean {
    return !this.#lost.aborted && this.#clock.nowMs() < this.#untilMs;
  }

  /** Throws `lease.lost` where nothing may be done any more. Asked right before every act. */
  readonly mayAct = (): void => {
    if (this.holds()) return;
    const message = `The migration ${this.lease.id} is no longer steered from here`;
    throw new DroverError('lease.lost', message);
  };

  prolong(untilMs: number, wishes: Wishes): void {
    this.#untilMs = Math.max(this.#untilMs, untilMs);
    if (wishes.revision >= this.wishes.revision) this.wishes = wishes;
  }

  end(): void {
    this.#lost.ring();
  }
}

/** All leases that one replica holds, renewed together. */
export class Leases {
  readonly #held = new Map<string, HeldLease>();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #times: LeaseTimes;
  #lost = 0;

  constructor(store: Store, clock: Clock, times: LeaseTimes) {
    this.#store = store;
    this.#clock = clock;
    this.#times = times;
  }

  get size(): number {
    return this.#held.size;
  }

  /** How many were lost to others, or to the store's silence. */
  get lost(): number {
    return this.#lost;
  }

  get ttlMs(): number {
    return this.#times.ttlMs;
  }

  /** Takes what the store has just given; `askedAtMs`: on our clock, before it was asked. */
  take(rows: readonly MigrationRow[], owner: string, askedAtMs: number): readonly HeldLease[] {
    return rows.map((row) => {
      const lease = { id: row.id, owner, epoch: row.epoch };
      const held = new HeldLease(row, lease, this.#clock, this.#untilFrom(askedAtMs));
      this.#held.get(row.id)?.end();
      this.#held.set(row.id, held);
      return held;
    });
  }

  get(id: string): HeldLease | undefined {
    return this.#held.get(id);
  }

  all(): readonly HeldLease[] {
    return [...this.#held.values()];
  }

  /**
   * Prolongs all, and of very many those that were not prolonged just now; what is lost ends at once.
   * Rejects as the store does: then all run out by themselves.
   */
  async renew(): Promise<void> {
    const { ttlMs, marginMs } = this.#times;
    const freshMs = this.#clock.nowMs() + ttlMs - marginMs - oldEnoughMs;
    const all = this.all();
    const due = all.length <= many ? all : all.filter(({ untilMs }) => untilMs <= freshMs);
    const parts: Promise<void>[] = [];
    for (let from = 0; from < due.length; from += partSize)
      parts.push(this.#renewPart(due.slice(from, from + partSize)));
    await Promise.all(parts);
  }

  async #renewPart(held: readonly HeldLease[]): Promise<void> {
    const askedAtMs = this.#clock.nowMs();
    const renewed = await this.#store.leases.renew(
      held.map(({ lease }) => lease),
      this.#times.ttlMs,
    );
    for (const one of held) {
      const wishes = renewed.get(one.lease.id);
      // What was given back meanwhile is not lost.
      if (wishes === undefined && this.get(one.lease.id) === one) this.#lose(one);
      else if (wishes === undefined) one.end();
      else one.prolong(this.#untilFrom(askedAtMs), wishes);
    }
  }

  /** Ends those whose time has run out. */
  expire(): void {
    for (const held of this.all()) if (!held.holds()) this.#lose(held);
  }

  /** It is over, or given back: nothing more is to be renewed. */
  drop({ lease }: HeldLease): void {
    const held = this.#held.get(lease.id);
    if (held?.lease.epoch === lease.epoch) this.#held.delete(lease.id);
  }

  #lose(held: HeldLease): void {
    this.drop(held);
    held.end();
    this.#lost += 1;
  }

  #untilFrom(askedAtMs: number): number {
    return askedAtMs + this.#times.ttlMs - this.#times.marginMs;
  }
}
