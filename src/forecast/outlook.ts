import type { GuestModel } from './guest-model.ts';
import type { InTurn } from './in-turn.ts';
import { type Left, summaryOf } from './left.ts';
import type { LinkChange } from './link.ts';
import { bandwidthOf, passMs, sentShare } from './pass.ts';
import type { Point } from './points.ts';
import type { Prior, Syncing } from './prior.ts';
import { isUnsteady, type Rhythm } from './rhythm.ts';
import { countBefore, leastBetween } from './series.ts';
import { ratioOf } from './shrinking.ts';
import { fitWorkingSet, type WorkingSet } from './working-set.ts';

/** What was left is remembered for this long, or for this many passes where that is more. */
const leftMs = 60_000;
const leftPasses = 8;
/** A low is new where nothing was as low until this long ago. */
const newLowMs = 1_000;

/** What the model says at its last reading. Bytes, ms, bytes/s. */
export interface Outlook {
  readonly atMs: number;
  readonly remainingBytes: number;
  /** What the first pass has still to dispose of. */
  readonly unsentBytes: number;
  readonly firstPassBytes: number;
  /** What the link carries of memory for this migration; 0 until it is known. */
  readonly bandwidthBytesPerSecond: number;
  /** Bytes of memory for each that goes over the wire; 1 where nothing is compressed. */
  readonly ratio: number;
  /** Whether the link has just lost most of its bandwidth. */
  readonly linkCollapsed: boolean;
  /** The last time that the link became another one. */
  readonly linkChange: LinkChange | undefined;
  /** How often the link has stood still lately. */
  readonly standstills: number;
  /** Time that one pass over all memory disposed of in the first pass takes now. */
  readonly passMs: number;
  /** Bytes that the rest of the first pass puts on the link for each byte of memory: constant pages cost little. */
  readonly sentShare: number;
  /** The least and the most that was left at a sync since the first pass, over this link. */
  readonly trough: Left | undefined;
  /** How the guest writes; `undefined` until something is known of it. */
  readonly workingSet: WorkingSet | undefined;
  /** How it has written in the last second. */
  readonly workingSetNow: WorkingSet | undefined;
  /** Whether what is left has stopped falling: nothing less was left for half a pass. */
  readonly stalled: boolean;
  /** How fast what is left falls just now, as a share of what the link carries; below 0: it grows. */
  readonly fallShare: number;
  /** Whether less is left than was ever left at a sync more than a second ago. */
  readonly newLow: boolean;
  readonly rhythm: Rhythm | undefined;
  /** Set where it is known to write one page after the other. */
  readonly inTurn: InTurn | undefined;
  /** Whether it writes now much and now little, whatever the rhythm. */
  readonly unsteady: boolean;
  readonly syncing: Syncing;
  /** How long ago QEMU has looked for dirty pages, as far as the readings show, ms. */
  readonly sinceSyncMs: number;
}

export function outlook(model: GuestModel): Outlook | undefined {
  const { last, link } = model;
  if (last === undefined) return undefined;
  const wholePassMs = passMs(model);
  const recent = firstRecentLook(model, last, wholePassMs);
  const unsentBytes = Math.max(0, model.firstPassBytes - last.disposedBytes);
  const fitted =
    model.workingSet ?? fitWorkingSet([], model.prior.written, last.atMs, model.memoryTotalBytes);
  const workingSet = asItsMemoryShows(model, fitted);
  return {
    atMs: last.atMs,
    remainingBytes: last.remainingBytes,
    unsentBytes: Math.min(unsentBytes, last.remainingBytes),
    firstPassBytes: model.firstPassBytes,
    bandwidthBytesPerSecond: bandwidthOf(model),
    ratio: ratioOf(model.shrinking),
    linkCollapsed: link.collapsed,
    linkChange: link.change,
    standstills: link.standstills.length,
    passMs: wholePassMs,
    sentShare: sentShare(model),
    trough: summaryOf(model.atLooks, recent),
    workingSet,
    workingSetNow: model.workingSetNow,
    stalled: isStalled(model, last, recent, wholePassMs),
    fallShare: fallShareOf(model, last),
    newLow: isNewLow(model, last, recent),
    rhythm: model.rhythm,
    inTurn: model.inTurn,
    unsteady: isUnsteady(model.spans, workingSet, wholePassMs),
    syncing: model.syncing,
    sinceSyncMs: last.atMs - model.lastSyncMs,
  };
}

/**
 * Of what a guest writes within the first pass only that shows which was sent already, and nothing where QEMU looks only at the
 * end of a pass. What was read of its memory shows where it is by then: it is taken to write no less than that.
 */
function asItsMemoryShows(
  { inTurn, firstPassEndMs, memoryTotalBytes }: GuestModel,
  set: WorkingSet | undefined,
): WorkingSet | undefined {
  if (inTurn === undefined) return set;
  // Over how much of it is not known by then.
  if (set === undefined) return { ...inTurn, setBytes: memoryTotalBytes, errorShare: 0 };
  if (firstPassEndMs !== undefined || set.rateBytesPerSecond >= inTurn.rateBytesPerSecond)
    return set;
  return { ...set, rateBytesPerSecond: inTurn.rateBytesPerSecond };
}

/** What can be said before the first reading; `ratio`: see Outlook. */
export function outlookBefore(
  prior: Prior & { readonly bandwidthBytesPerSecond: number },
  memoryBytes: number,
  ratio = 1,
): Outlook {
  const { bandwidthBytesPerSecond, touchedBytes = memoryBytes } = prior;
  return {
    atMs: 0,
    remainingBytes: memoryBytes,
    unsentBytes: memoryBytes,
    firstPassBytes: memoryBytes,
    bandwidthBytesPerSecond,
    ratio,
    linkCollapsed: false,
    linkChange: undefined,
    standstills: 0,
    passMs: (touchedBytes / bandwidthBytesPerSecond) * 1000,
    sentShare: touchedBytes / memoryBytes,
    trough: undefined,
    workingSet: fitWorkingSet([], prior.written, 0, memoryBytes),
    workingSetNow: undefined,
    stalled: false,
    fallShare: 0,
    newLow: false,
    rhythm: undefined,
    inTurn: undefined,
    unsteady: false,
    syncing: prior.syncing,
    sinceSyncMs: 0,
  };
}

/** Where QEMU looks only at the end of a pass, what remains within one says nothing. */
function isNewLow({ lefts, syncing }: GuestModel, last: Point, recent: number): boolean {
  const inPasses = syncing === 'passes';
  const nowMs = inPasses ? lefts.atMs.at(-1) : last.atMs;
  const now = inPasses ? lefts.bytes.at(-1) : last.remainingBytes;
  if (nowMs === undefined || now === undefined) return false;
  const earlier = leastBetween(lefts, recent, countBefore(lefts, nowMs - newLowMs));
  return Number.isFinite(earlier) && earlier > now;
}

/** Just now: a few looks of a QEMU that looks all the time, ms. */
const justNowMs = 400;

function fallShareOf({ lefts, link }: GuestModel, last: Point): number {
  const from = countBefore(lefts, last.atMs - justNowMs);
  const [fromMs, fromBytes] = [lefts.atMs[from], lefts.bytes[from]];
  if (fromMs === undefined || fromBytes === undefined || last.atMs <= fromMs) return 0;
  const carried = (link.bytesPerSecond * (last.atMs - fromMs)) / 1000;
  return carried > 0 ? (fromBytes - last.remainingBytes) / carried : 0;
}

/** What falls by less than this within half a pass does not fall. */
const fallingShare = 0.85;
const shortestStallMs = 1_500;

function isStalled(
  { lefts }: GuestModel,
  last: Point,
  recent: number,
  wholePassMs: number,
): boolean {
  const since = last.atMs - Math.max(shortestStallMs, wholePassMs / 2);
  const moment = Math.max(recent, countBefore(lefts, since));
  const before = leastBetween(lefts, recent, moment);
  const after = leastBetween(lefts, moment, lefts.bytes.length);
  return Number.isFinite(before) && after > before * fallingShare;
}

/** Over another link, and long ago, other troughs were within reach. */
function firstRecentLook({ link, lefts }: GuestModel, last: Point, wholePassMs: number): number {
  const rememberedMs = Math.max(leftMs, leftPasses * wholePassMs);
  return countBefore(lefts, Math.max(link.sinceMs, last.atMs - rememberedMs));
}
