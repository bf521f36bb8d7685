import type { Damage, LineBeat } from './line.ts';

/** A heartbeat as an observer saw it. */
export interface Beat extends LineBeat {
  /** When the observer read it, on its own monotonic clock. */
  readonly atMs: number;
  /** The host whose serial file it stood in. */
  readonly host: string;
}

/** Something other than a beat, with the moment and the host where it was read. */
export type Seen<Thing> = Thing & { readonly atMs: number; readonly host: string };

/** All that an observer has read of one guest, in the order in which it read it. */
export interface GuestLog {
  readonly beats: readonly Beat[];
  readonly damages: readonly Seen<Damage>[];
  /** Lines that were not whole. */
  readonly torn: readonly Seen<{ readonly text: string }>[];
}
