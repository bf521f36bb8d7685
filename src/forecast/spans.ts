import { lookMs } from './course.ts';
import type { GuestModel } from './guest-model.ts';
import { withLook } from './left.ts';
import { bandwidthOf, passMs } from './pass.ts';
import { inflowBetween, type Point } from './points.ts';
import { rhythmOf } from './rhythm.ts';
import { fitWorkingSet, rateNow, type Span } from './working-set.ts';

const mostSpans = 80;
/** Writes are added up over a tenth of a pass, but not over less or more than this. */
const shortestSpanMs = 500;
const longestSpanMs = 10_000;

/** Adds what was written since the last span, where QEMU has looked for it meanwhile. */
export function withSpan(model: GuestModel, before: Point | undefined, point: Point): GuestModel {
  const start = model.spanStart;
  if (start === undefined || before === undefined)
    return { ...model, spanStart: point, lastSyncMs: point.atMs };
  const synced = withSyncing(model, before, point);
  if (before.syncs === point.syncs) return synced;
  const looked = { ...synced, ...looksAfter(model, before, point) };
  if (looked.syncing === 'continuous' && !endsSpan(model, start, point)) return looked;
  const span = spanBetween(looked, start, point);
  const spans = model.spans.slice(1 - mostSpans).concat(span);
  const { prior, memoryTotalBytes } = model;
  const passed = model.firstPassEndMs !== undefined;
  const workingSet = fitWorkingSet(spans, prior.written, point.atMs, memoryTotalBytes, passed);
  return {
    ...looked,
    spans,
    workingSet,
    workingSetNow: workingSet === undefined ? undefined : rateNow(spans, workingSet, nowMs),
    rhythm: rhythmOf(spans),
    spanStart: point,
  };
}

/** It is long enough, or the first pass ends with it: what comes next is decided by all that was seen until then. */
function endsSpan(model: GuestModel, start: Point, { atMs }: Point): boolean {
  return atMs - start.atMs >= spanMs(model) || atMs === model.firstPassEndMs;
}

/** The last second of a guest says how it writes now. */
const nowMs = 1_000;

function spanBetween(model: GuestModel, start: Point, end: Point): Span {
  const ms = end.atMs - start.atMs;
  const inflowBytes = Math.max(0, inflowBetween(start, end));
  const kind = model.syncing === 'passes' ? 'pass' : 'slice';
  // A QEMU that looks at a pass' end looks before it, too, when the rest might fit the downtime limit:
  // then some of what was dirty is still unsent.
  const stillUnsent = Math.max(0, end.remainingBytes - inflowBytes);
  const dirty = kind === 'pass' ? stillUnsent : (start.remainingBytes + end.remainingBytes) / 2;
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
function looksAfter(
  model: GuestModel,
  before: Point,
  point: Point,
): Pick<GuestModel, 'lefts' | 'atLooks'> {
  const { lefts, atLooks } = model;
  if (model.firstPassEndMs === undefined) return { lefts, atLooks };
  // Where a pass ended, some of the next one is gone by the time of the reading.
  const bytes = Math.max(point.remainingBytes, inflowBetween(before, point));
  const atLook = Math.max(bytes, point.remainingBytes + goneSinceLook(model, before, point));
  return {
    lefts: withLook(lefts, point.atMs, bytes),
    atLooks: withLook(atLooks, point.atMs, atLook),
  };
}

/** What may have gone out between QEMU's look and the reading: all since the reading before it, or between two looks. */
function goneSinceLook(model: GuestModel, before: Point, point: Point): number {
  if (model.syncing === 'passes') return 0;
  const betweenLooks = (bandwidthOf(model) * lookMs) / 1000;
  return Math.min(betweenLooks, point.disposedBytes - before.disposedBytes);
}
