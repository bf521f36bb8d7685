import { type Left, type LeftAtSync, summaryOf } from './left.ts';
import { type Link, type LinkChange, observeLink, unknownLink } from './link.ts';
import { inflowBetween, type Point, pointOf } from './points.ts';
import { nothingKnown, type Prior, type Syncing } from './prior.ts';
import { isUnsteady, type Rhythm, rhythmOf } from './rhythm.ts';
import type { Sample } from './telemetry.ts';
import { fitWorkingSet, rateNow, type Span, type WorkingSet } from './working-set.ts';

/** Readings kept: two and a half minutes of them. Older ones are in the spans. */
const mostPoints = 600;
const mostSpans = 80;
const mostLefts = 400;
/** What was left is remembered for this long, or for this many passes where that is more. */
const leftMs = 60_000;
const leftPasses = 8;
/** Writes are added up over a tenth of a pass, but not over less or more than this. */
const shortestSpanMs = 500;
const longestSpanMs = 10_000;

/**
 * What is known of a guest and its link. The dirty inflow of a span is what was disposed of in it
 * plus the growth of what remains: right at the end of a pass (QEMU 10) and at any time where
 * the bitmap is synced all along (QEMU 11.1). Neither passes nor iterations are counted.
 */
export interface GuestModel {
  readonly prior: Prior;
  readonly points: readonly Point[];
  readonly link: Link;
  readonly spans: readonly Span[];
  /** How the guest writes, by the spans; `undefined` until something is known of it. */
  readonly workingSet: WorkingSet | undefined;
  /** The same by the last second alone: where it goes if the guest goes on like that. */
  readonly workingSetNow: WorkingSet | undefined;
  readonly rhythm: Rhythm | undefined;
  /** Looks for dirty pages in a row that came while much was still unsent. */
  readonly earlyLooks: number;
  /** Where the span that is being added up began. */
  readonly spanStart: Point | undefined;
  readonly lefts: readonly LeftAtSync[];
  /**
   * What the first pass has to dispose of: the least that was ever left and disposed of together.
   * Writes add to that sum, and pages that the guest says are free take from it.
   */
  readonly firstPassBytes: number;
  /** When all memory had been disposed of once, ms; `undefined` before. */
  readonly firstPassEndMs: number | undefined;
  readonly memoryTotalBytes: number;
  readonly throttlePercent: number;
  /** Bytes put on the link until then. */
  readonly firstPassSentBytes: number;
  readonly syncing: Syncing;
  /** The last reading before which QEMU had looked for dirty pages, ms. */
  readonly lastSyncMs: number;
}

/** A model that has seen nothing yet but what was known before. */
export function modelOf(prior: Prior): GuestModel {
  return {
    prior,
    points: [],
    link: unknownLink,
    spans: [],
    workingSet: undefined,
    workingSetNow: undefined,
    rhythm: undefined,
    earlyLooks: 0,
    spanStart: undefined,
    lefts: [],
    firstPassBytes: Infinity,
    firstPassEndMs: undefined,
    firstPassSentBytes: 0,
    lastSyncMs: 0,
    memoryTotalBytes: 0,
    throttlePercent: 0,
    syncing: prior.syncing,
  };
}

export const emptyModel: GuestModel = modelOf(nothingKnown);

/** The model after one more reading. Readings of other phases than pre-copy teach nothing here. */
export function observe(model: GuestModel, sample: Sample): GuestModel {
  if (sample.phase !== 'pre-copy' || sample.memoryTotalBytes === 0) return model;
  const point = pointOf(sample);
  const points = [...model.points.slice(1 - mostPoints), point];
  const first = withFirstPass(model, point);
  const link = observeLink(model.link, points);
  return withSpan(
    {
      ...first,
      points,
      link,
      memoryTotalBytes: sample.memoryTotalBytes,
      throttlePercent: sample.throttlePercent,
    },
    point,
  );
}

function withFirstPass(model: GuestModel, point: Point): GuestModel {
  if (model.firstPassEndMs !== undefined) return model;
  const known = point.remainingBytes + point.disposedBytes;
  const firstPassBytes = Math.min(model.firstPassBytes, known);
  const passed = point.disposedBytes >= firstPassBytes;
  return {
    ...model,
    firstPassBytes,
    firstPassEndMs: passed ? point.atMs : undefined,
    firstPassSentBytes: point.sentBytes,
  };
}

/** Adds what was written since the last span, where QEMU has looked for it meanwhile. */
function withSpan(model: GuestModel, point: Point): GuestModel {
  const before = model.points.at(-2);
  const start = model.spanStart;
  if (start === undefined || before === undefined)
    return { ...model, spanStart: point, lastSyncMs: point.atMs };
  const synced = withSyncing(model, before, point);
  if (before.syncs === point.syncs) return synced;
  const looked = { ...synced, lefts: withLeft(model, before, point) };
  if (point.atMs - start.atMs < spanMs(model) && looked.syncing === 'continuous') return looked;
  const span = spanBetween(looked, start, point);
  const spans = [...model.spans.slice(1 - mostSpans), span];
  const { prior, memoryTotalBytes } = model;
  const workingSet = fitWorkingSet(spans, prior.written, point.atMs, memoryTotalBytes);
  return {
    ...looked,
    spans,
    workingSet,
    workingSetNow: workingSet === undefined ? undefined : rateNow(spans, workingSet, nowMs),
    rhythm: rhythmOf(spans),
    spanStart: point,
  };
}

/** The last second of a guest says how it writes now. */
const nowMs = 1_000;

function spanBetween(model: GuestModel, start: Point, end: Point): Span {
  const ms = end.atMs - start.atMs;
  const inflowBytes = Math.max(0, inflowBetween(start, end));
  const kind = model.syncing === 'passes' ? 'pass' : 'slice';
  // Where a whole pass has ended, nothing of what was dirty before is still unsent.
  const dirty = kind === 'pass' ? 0 : (start.remainingBytes + end.remainingBytes) / 2;
  const toDispose = model.firstPassBytes - (start.disposedBytes + end.disposedBytes) / 2;
  const unsent = Math.min(dirty, Math.max(0, toDispose));
  return {
    endMs: end.atMs,
    ms,
    inflowBytes,
    unsentShare: unsent / Math.max(1, model.firstPassBytes),
    dirtyBytes: dirty - unsent,
    kind,
    weight: Math.min(1, ms / shortestSpanMs) * (unsent > 0 ? firstPassWeight : 1),
  };
}

/** In the first pass it is not known how much of the working set had been sent. */
const firstPassWeight = 0.3;

function spanMs(model: GuestModel): number {
  return Math.min(longestSpanMs, Math.max(shortestSpanMs, passMs(model) / 10));
}

/** Between two looks of a QEMU that always looks there is less time than this. */
const longestSilenceMs = 1_000;

/** So many early looks in a row are no accident of two counters read at different moments. */
const earlyLooksTelling = 3;

/**
 * A QEMU that looks only when a pass has ended never looks while much is still unsent; one that
 * looks all the time is not silent for long.
 */
function withSyncing(model: GuestModel, before: Point, point: Point): GuestModel {
  if (before.syncs === point.syncs) {
    const silent = point.atMs - model.lastSyncMs > longestSilenceMs;
    return silent ? { ...model, syncing: 'passes', earlyLooks: 0 } : model;
  }
  const disposed = point.disposedBytes - before.disposedBytes;
  const early = before.remainingBytes - disposed > disposed + unsentNoiseBytes;
  const earlyLooks = early ? model.earlyLooks + 1 : 0;
  const syncing = earlyLooks >= earlyLooksTelling ? 'continuous' : model.syncing;
  return { ...model, syncing, earlyLooks, lastSyncMs: point.atMs };
}
const unsentNoiseBytes = 256 * 4096;

/** What is left is true only when QEMU has looked: between two passes it falls, and says nothing. */
function withLeft(model: GuestModel, before: Point, point: Point): readonly LeftAtSync[] {
  if (model.firstPassEndMs === undefined) return model.lefts;
  // Where a pass ended, some of the next one is gone by the time of the reading.
  const bytes = Math.max(point.remainingBytes, inflowBetween(before, point));
  return [...model.lefts.slice(1 - mostLefts), { atMs: point.atMs, bytes }];
}

/** What the model says at its last reading. Bytes, ms, bytes/s. */
export interface Outlook {
  readonly atMs: number;
  readonly remainingBytes: number;
  /** What the first pass has still to dispose of. */
  readonly unsentBytes: number;
  readonly firstPassBytes: number;
  /** What the link carries for this migration; 0 until it is known. */
  readonly bandwidthBytesPerSecond: number;
  /** Whether the link has just lost most of its bandwidth. */
  readonly linkCollapsed: boolean;
  /** The last time that the link became another one. */
  readonly linkChange: LinkChange | undefined;
  /** Time that one pass over all memory disposed of in the first pass takes now. */
  readonly passMs: number;
  /** Bytes that the rest of the first pass puts on the link for each byte of memory: constant pages cost little. */
  readonly sentShare: number;
  /** The least and the most that was left after a sync since the first pass, over this link. */
  readonly trough: Left | undefined;
  /** How the guest writes; `undefined` until something is known of it. */
  readonly workingSet: WorkingSet | undefined;
  /** How it has written in the last second. */
  readonly workingSetNow: WorkingSet | undefined;
  /** Whether what is left has stopped falling: nothing less was left for half a pass. */
  readonly stalled: boolean;
  /** Whether less is left than was ever left at a sync more than a second ago. */
  readonly newLow: boolean;
  readonly rhythm: Rhythm | undefined;
  /** Whether it writes now much and now little, whatever the rhythm. */
  readonly unsteady: boolean;
  readonly syncing: Syncing;
}

export function outlook(model: GuestModel): Outlook | undefined {
  const last = model.points.at(-1);
  if (last === undefined) return undefined;
  const { link } = model;
  const unsentBytes = Math.max(0, model.firstPassBytes - last.disposedBytes);
  return {
    atMs: last.atMs,
    remainingBytes: last.remainingBytes,
    unsentBytes: Math.min(unsentBytes, last.remainingBytes),
    firstPassBytes: model.firstPassBytes,
    bandwidthBytesPerSecond: link.bytesPerSecond,
    linkCollapsed: link.collapsed,
    linkChange: link.change,
    passMs: passMs(model),
    sentShare: sentShare(model),
    trough: summaryOf(recentLefts(model)),
    workingSet:
      model.workingSet ?? fitWorkingSet([], model.prior.written, last.atMs, model.memoryTotalBytes),
    workingSetNow: model.workingSetNow,
    stalled: isStalled(model, last),
    newLow: isNewLow(model, last),
    rhythm: model.rhythm,
    unsteady: isUnsteady(model.spans, passMs(model) / 2),
    syncing: model.syncing,
  };
}

/** What can be said before the first reading. */
export function outlookBefore(
  prior: Prior & { readonly bandwidthBytesPerSecond: number },
  memoryBytes: number,
): Outlook {
  const { bandwidthBytesPerSecond, touchedBytes = memoryBytes } = prior;
  return {
    atMs: 0,
    remainingBytes: memoryBytes,
    unsentBytes: memoryBytes,
    firstPassBytes: memoryBytes,
    bandwidthBytesPerSecond,
    linkCollapsed: false,
    linkChange: undefined,
    passMs: (touchedBytes / bandwidthBytesPerSecond) * 1000,
    sentShare: touchedBytes / memoryBytes,
    trough: undefined,
    workingSet: fitWorkingSet([], prior.written, 0, memoryBytes),
    workingSetNow: undefined,
    stalled: false,
    newLow: false,
    rhythm: undefined,
    unsteady: false,
    syncing: prior.syncing,
  };
}

/** Where QEMU looks only at the end of a pass, what remains within one says nothing. */
function isNewLow(model: GuestModel, last: Point): boolean {
  const lefts = recentLefts(model);
  const now =
    model.syncing === 'passes' ? lefts.at(-1) : { atMs: last.atMs, bytes: last.remainingBytes };
  if (now === undefined) return false;
  const earlier = lefts.filter(({ atMs }) => atMs <= now.atMs - nowMs);
  return earlier.length > 0 && earlier.every(({ bytes }) => bytes > now.bytes);
}

/** What falls by less than this within half a pass does not fall. */
const fallingShare = 0.85;
const shortestStallMs = 1_500;

function isStalled(model: GuestModel, last: Point): boolean {
  const since = last.atMs - Math.max(shortestStallMs, passMs(model) / 2);
  let before = Infinity;
  let after = Infinity;
  for (const { atMs, bytes } of recentLefts(model)) {
    if (atMs < since) before = Math.min(before, bytes);
    else after = Math.min(after, bytes);
  }
  return Number.isFinite(before) && after > before * fallingShare;
}

/** Over another link, and long ago, other troughs were within reach. */
function recentLefts(model: GuestModel): readonly LeftAtSync[] {
  const last = model.points.at(-1)?.atMs ?? 0;
  const rememberedMs = Math.max(leftMs, leftPasses * passMs(model));
  const since = Math.max(model.link.sinceMs, last - rememberedMs);
  return model.lefts.filter(({ atMs }) => atMs >= since);
}

/** What was sent of the first pass, and what is still to be sent of it. */
function passMs(model: GuestModel): number {
  const bandwidth = model.link.bytesPerSecond;
  const last = model.points.at(-1);
  if (bandwidth === 0 || last === undefined) return Infinity;
  const unsent = Math.max(0, model.firstPassBytes - last.disposedBytes);
  return ((model.firstPassSentBytes + unsent * sentShare(model)) / bandwidth) * 1000;
}

/** Less than this of the first pass says too little of the rest. */
const tellingShare = 0.1;

/** Of the rest of the first pass: by what is known of the guest, else by what was sent so far. */
function sentShare(model: GuestModel): number {
  const last = model.points.at(-1);
  if (last === undefined) return 1;
  const { touchedBytes } = model.prior;
  const unsent = model.firstPassBytes - last.disposedBytes;
  if (touchedBytes !== undefined && unsent > 0)
    return Math.min(1, Math.max(0, touchedBytes - last.sentBytes) / unsent);
  if (last.disposedBytes < model.firstPassBytes * tellingShare) return 1;
  return Math.min(1, model.firstPassSentBytes / Math.max(1, last.disposedBytes));
}
