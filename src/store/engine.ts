import type { Kysely, RawBuilder, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** What the two engines do each in its own way. */
export interface Engine {
  readonly kind: 'sqlite' | 'postgres';
  readonly db: Kysely<Tables>;
  /**
   * One transaction: whole, and durable when it resolves, or not at all. `urgent`: before those
   * that wait.
   */
  transaction<T>(work: (trx: Transaction<Tables>) => Promise<T>, urgent?: boolean): Promise<T>;
  /** Now on the clock by which leases end, ms. It is never that of whoever holds one. */
  leaseNow(): RawBuilder<number>;
  /** The time of day, ms since 1970, by the one clock that all who write to this store share. */
  dayNow(): RawBuilder<number>;
  /** A lease of another boot is over: its clock has begun anew. */
  readonly boot: string;
  /** Nobody else passes the same gate until the transaction ends; a gate that is kept by `key`: with the same one. */
  gate(trx: Transaction<Tables>, gate: Gate, key?: string): Promise<void>;
  /** After a select of rows that will be written: passes over those that another one is writing. */
  readonly skipLocked: RawBuilder<unknown>;
  readonly forUpdate: RawBuilder<unknown>;
  /** A list of objects as a table `name`, for statements about many rows at once. */
  rows(name: string, columns: ColumnTypes, values: readonly object[]): RawBuilder<unknown>;
  /** The error as a person should see it; `undefined` where it is none of the engine's. */
  explain(error: unknown): { readonly message: string; readonly hint: string } | undefined;
}

/** One who passes several takes them in this order. */
export type Gate = 'admission' | 'requests' | 'vms' | 'inventory' | 'events';

export type ColumnTypes = Readonly<Record<string, 'text' | 'bigint'>>;
