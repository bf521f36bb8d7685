import type { InTurn } from './in-turn.ts';
import { type Link, unknownLink } from './link.ts';
import type { Point } from './points.ts';
import type { Prior, Syncing } from './prior.ts';
import type { Rhythm } from './rhythm.ts';
import { emptySeries, type Series } from './series.ts';
import type { Shrinking } from './shrinking.ts';
import type { Split } from './split.ts';
import type { Span, WorkingSet } from './working-set.ts';

/**
 * What is known of a guest and its link. The dirty inflow of a span is what was disposed of in it
 * plus the growth of what remains: right at the end of a pass (QEMU 10) and at any time where
 * the bitmap is synced all along (QEMU 11.1). Neither passes nor iterations are counted.
 */
export interface GuestModel {
  readonly prior: Prior;
  /** The newest reading. */
  readonly last: Point | undefined;
  /** What goes over the wire. */
  readonly link: Link;
  /** What compression makes of memory; `undefined` where nothing shows any. */
  readonly shrinking: Shrinking | undefined;
  readonly spans: readonly Span[];
  /** How the guest writes, by the spans; `undefined` until something is known of it. */
  readonly workingSet: WorkingSet | undefined;
  /** The same by the last second alone: where it goes if the guest goes on like that. */
  readonly workingSetNow: WorkingSet | undefined;
  readonly rhythm: Rhythm | undefined;
  /** Set where its memory was read and shows that it is written one page after the other. */
  readonly inTurn: InTurn | undefined;
  /** Looks for dirty pages in a row that came while much was still unsent. */
  readonly earlyLooks: number;
  /** Where the span that is being added up began. */
  readonly spanStart: Point | undefined;
  /** What was left to send by the first reading after each look of QEMU for dirty pages, after the first pass. */
  readonly lefts: Series;
  /**
   * The most that can have been left at each look itself, which is what QEMU compares with the limit. Where it looks
   * all the time, readings may come as long after each look for seconds on end: a guest of 5.5 MiB that are always
   * dirty again, over 86 MiB/s, had 1 to 4.7 MiB left by every one of them.
   */
  readonly atLooks: Series;
  /**
   * What the first pass has to dispose of: the least that was ever left and disposed of together.
   * Writes add to that sum, and pages that the guest says are free take from it.
   */
  readonly firstPassBytes: number;
  /** When all memory had been disposed of once, ms; `undefined` before. */
  readonly firstPassEndMs: number | undefined;
  readonly memoryTotalBytes: number;
  readonly throttlePercent: number;
  /** Bytes that it took of the link until then, or would have taken without compression. */
  readonly firstPassPlainBytes: number;
  readonly syncing: Syncing;
  /** The last reading before which QEMU had looked for dirty pages, ms. */
  readonly lastSyncMs: number;
  /** Since the guest runs at its destination while its memory follows; `undefined` before. */
  readonly split: Split | undefined;
}

/** A model that has seen nothing yet but what was known before. */
export function modelOf(prior: Prior): GuestModel {
  return {
    prior,
    last: undefined,
    link: unknownLink,
    shrinking: undefined,
    spans: [],
    workingSet: undefined,
    workingSetNow: undefined,
    rhythm: undefined,
    inTurn: undefined,
    earlyLooks: 0,
    spanStart: undefined,
    lefts: emptySeries,
    atLooks: emptySeries,
    firstPassBytes: Infinity,
    firstPassEndMs: undefined,
    firstPassPlainBytes: 0,
    lastSyncMs: 0,
    memoryTotalBytes: 0,
    throttlePercent: 0,
    syncing: prior.syncing,
    split: undefined,
  };
}
