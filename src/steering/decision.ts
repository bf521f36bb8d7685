import type { Forecast } from '../forecast/forecast.ts';

/** What Drover can do to a migration that runs. */
export type Action =
  | { readonly kind: 'wait' }
  | { readonly kind: 'set-max-downtime'; readonly ms: number }
  /** Cap the stream just under what the link carries; Infinity takes the cap away. */
  | { readonly kind: 'set-max-speed'; readonly bytesPerSecond: number }
  | { readonly kind: 'start-post-copy' }
  /** Hold what post-copy sends unasked under what the link carries; Infinity lets go of it. */
  | { readonly kind: 'set-post-copy-speed'; readonly bytesPerSecond: number }
  /** Stop the guest until the rest of its memory is across. Undone by QEMU itself on failure. */
  | {
      readonly kind: 'freeze';
      readonly expectedMs: number;
      /** The same as QEMU reckons it, where that is something else. */
      readonly reckonedMs?: number | undefined;
    }
  /** Cancel what goes compressed, and begin once more without, able to switch to post-copy. */
  | { readonly kind: 'begin-again' }
  /** Give up: cancel, and leave the guest running where it was. */
  | { readonly kind: 'stay' };

export type ActionKind = Action['kind'];

/** How a migration is expected to end if it is steered on; `open`: nothing that is allowed ends it. */
export type Ending = 'switch-over' | 'post-copy' | 'freeze' | 'stay' | 'open';

export interface Expectation {
  readonly ending: Ending;
  readonly forecast: Forecast;
}

/** What to do now, why, and what else was weighed. Kept for `explain`. */
export interface Decision {
  readonly atMs: number;
  readonly action: Action;
  /** One sentence with the figures that decided, for a person. */
  readonly why: string;
  /** How it is expected to end now, and what the rest of the way is expected to cost. */
  readonly ending: Ending;
  readonly forecast: Forecast;
  /** The other options, each with its forecast or the reason it is closed. */
  readonly alternatives: readonly Alternative[];
}

export type Alternative =
  | {
      readonly option: ActionKind;
      readonly verdict: 'open';
      readonly forecast: Forecast;
      readonly harm: number;
    }
  | { readonly option: ActionKind; readonly verdict: 'closed'; readonly because: string };

/** What the two hosts, their versions and their administrators let this migration do. */
export interface MigrationCapabilities {
  readonly postCopy: Permission;
  /** Whether a broken post-copy can be resumed (both daemons survive it). */
  readonly postCopyRecoverable: boolean;
  readonly autoConverge: Permission;
  /** Whether memory may be compressed on its way; where nobody has looked, it is not. */
  readonly compression?: Permission | undefined;
  /** Whether some of the guest's memory may be read to see what it is like; where nobody has said, it may. */
  readonly memoryReading?: Permission | undefined;
  /** Of one that was begun compressed instead of able to switch to post-copy: whether it could be, if it began again. */
  readonly again?: Permission | undefined;
}

export type Permission =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly because: string };

/** Nothing speaks against it. One for all that is allowed: it is kept for each of thousands. */
export const allowed = { allowed: true } as const satisfies Permission;
