import { median, type Point } from './points.ts';

/** Bandwidth is the median slope of the last seconds: one stall or one burst does not move it. */
const windowMs = 4_000;
const slopeMs = 400;
/** A link that carries less than this share of its level for a second has collapsed. */
const collapsedShare = 0.35;
const collapseMs = 1_000;
/** A link that carries this much more or less than its level for `changeMs` has another level. */
const changeShare = 0.4;
const changeMs = 3_000;
/** So many of the slopes may stray: a stall, a burst. */
const strayShare = 0.15;

/** What the link carries for this migration. */
export interface Link {
  /** 0 until it is known. */
  readonly bytesPerSecond: number;
  /** Since when it has been about this. */
  readonly sinceMs: number;
  /** The last time that it became another. */
  readonly change: LinkChange | undefined;
  /** Whether it has just lost most of its bandwidth, and has not been believed yet. */
  readonly collapsed: boolean;
}

export interface LinkChange {
  readonly atMs: number;
  readonly beforeBytesPerSecond: number;
  readonly afterBytesPerSecond: number;
}

export const unknownLink: Link = {
  bytesPerSecond: 0,
  sinceMs: 0,
  change: undefined,
  collapsed: false,
};

/** The readings by which the link is judged after one more: those of the last seconds and the one before. */
export function withinView(points: readonly Point[], point: Point): readonly Point[] {
  const since = point.atMs - windowMs;
  const older = points.findLastIndex(({ atMs }) => atMs < since);
  return points.slice(Math.max(0, older)).concat(point);
}

/** The link after one more reading, the last of `points`. */
export function observeLink(link: Link, points: readonly Point[]): Link {
  const last = points.at(-1);
  if (last === undefined) return link;
  const change = changeOf(link, last.atMs, points);
  if (change !== undefined)
    return {
      bytesPerSecond: change.afterBytesPerSecond,
      sinceMs: last.atMs - changeMs,
      change,
      collapsed: false,
    };
  const now = slopeOver(points, collapseMs);
  const settled = isSettled(link, last.atMs);
  const collapsed = settled && now !== undefined && now < link.bytesPerSecond * collapsedShare;
  // What may become another level is not mixed with the old one.
  if (settled && now !== undefined && strays(link, now)) return { ...link, collapsed };
  const since = Math.max(link.sinceMs, last.atMs - windowMs);
  const bytesPerSecond = median(slopesSince(points, since)) ?? link.bytesPerSecond;
  return { ...link, bytesPerSecond, collapsed };
}

/** Whether it has been about this for long enough to tell a change from a beginning. */
function isSettled(link: Link, atMs: number): boolean {
  return link.bytesPerSecond > 0 && atMs - link.sinceMs > windowMs;
}

function strays(link: Link, bytesPerSecond: number): boolean {
  return Math.abs(bytesPerSecond - link.bytesPerSecond) > link.bytesPerSecond * changeShare;
}

/** Another level, where nearly all slopes of the last seconds lie beyond the old one. */
function changeOf(link: Link, atMs: number, points: readonly Point[]): LinkChange | undefined {
  if (!isSettled(link, atMs)) return undefined;
  const slopes = slopesSince(points, atMs - changeMs);
  const telling = slopes.length - Math.floor(slopes.length * strayShare);
  const below = slopes.filter((one) => one < link.bytesPerSecond * (1 - changeShare)).length;
  const above = slopes.filter((one) => one > link.bytesPerSecond * (1 + changeShare)).length;
  if (below < telling && above < telling) return undefined;
  const afterBytesPerSecond = median(slopes);
  if (afterBytesPerSecond === undefined) return undefined;
  return { atMs, beforeBytesPerSecond: link.bytesPerSecond, afterBytesPerSecond };
}

/** Slopes of bytes sent over spans of 0.4 s that begin at `sinceMs` or later. */
function slopesSince(points: readonly Point[], sinceMs: number): number[] {
  const slopes: number[] = [];
  let end = points.length - 1;
  for (let start = end; start >= 0; start -= 1) {
    const from = points[start];
    if (from === undefined || from.atMs < sinceMs) break;
    // The first point that is far enough away; it only moves back as `start` does.
    let to = points[end];
    if (to === undefined || to.atMs - from.atMs < slopeMs) continue;
    for (;;) {
      const earlier = points[end - 1];
      if (earlier === undefined || earlier.atMs - from.atMs < slopeMs) break;
      end -= 1;
      to = earlier;
    }
    slopes.push(slope(from, to));
  }
  return slopes;
}

function slopeOver(points: readonly Point[], ms: number): number | undefined {
  const last = points.at(-1);
  if (last === undefined) return undefined;
  const from = points.findLast((point) => last.atMs - point.atMs >= ms);
  return from === undefined ? undefined : slope(from, last);
}

function slope(from: Point, to: Point): number {
  return ((to.sentBytes - from.sentBytes) * 1000) / Math.max(1, to.atMs - from.atMs);
}
