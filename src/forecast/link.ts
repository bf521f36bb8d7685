import { median, type Point } from './points.ts';
import { appended, countBefore, emptySeries, type Series } from './series.ts';

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
/** A stream of which nothing at all goes out for so long stands still. */
const standstillMs = 1_500;
/** Standstills count against a link for so long. */
const flapMemoryMs = 600_000;

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
  /** When it began to stand still, each time lately. */
  readonly standstills: readonly number[];
  /** The last reading at which bytes had gone out since the one before; `undefined` before the first. */
  readonly flowedAtMs: number | undefined;
  /** Bytes sent at the readings by which it is judged: those of the last seconds and the one before. */
  readonly sent: Series;
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
  standstills: [],
  flowedAtMs: undefined,
  sent: emptySeries,
};

/** The link after one more reading. */
export function observeLink(before: Link, point: Point): Link {
  return withStandstill(withLevel(before, point), before, point);
}

/** Each standstill counts once, and something must be left that could flow. */
function withStandstill(
  link: Link,
  before: Link,
  { atMs, sentBytes, remainingBytes }: Point,
): Link {
  const flowed = sentBytes > (before.sent.bytes.at(-1) ?? 0);
  if (flowed || before.flowedAtMs === undefined || remainingBytes === 0)
    return { ...link, flowedAtMs: flowed ? atMs : before.flowedAtMs };
  const since = before.flowedAtMs;
  if (atMs - since < standstillMs || link.standstills.at(-1) === since) return link;
  const lately = link.standstills.filter((one) => atMs - one < flapMemoryMs);
  return { ...link, standstills: [...lately, since] };
}

function withLevel(before: Link, { atMs, sentBytes }: Point): Link {
  const seenBefore = countBefore(before.sent, atMs - windowMs);
  const sent = appended(before.sent, seenBefore - 1, atMs, sentBytes);
  const link = { ...before, sent };
  const change = changeOf(link, atMs);
  if (change !== undefined)
    return {
      ...link,
      bytesPerSecond: change.afterBytesPerSecond,
      sinceMs: atMs - changeMs,
      change,
      collapsed: false,
    };
  const now = slopeOver(sent, collapseMs);
  const settled = isSettled(link, atMs);
  const collapsed = settled && now !== undefined && now < link.bytesPerSecond * collapsedShare;
  // What may become another level is not mixed with the old one.
  if (settled && now !== undefined && strays(link, now)) return { ...link, collapsed };
  const since = Math.max(link.sinceMs, atMs - windowMs);
  const bytesPerSecond = median(slopesSince(sent, since)) ?? link.bytesPerSecond;
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
function changeOf(link: Link, atMs: number): LinkChange | undefined {
  if (!isSettled(link, atMs)) return undefined;
  const slopes = slopesSince(link.sent, atMs - changeMs);
  const telling = slopes.length - Math.floor(slopes.length * strayShare);
  const below = slopes.filter((one) => one < link.bytesPerSecond * (1 - changeShare)).length;
  const above = slopes.filter((one) => one > link.bytesPerSecond * (1 + changeShare)).length;
  if (below < telling && above < telling) return undefined;
  const afterBytesPerSecond = median(slopes);
  if (afterBytesPerSecond === undefined) return undefined;
  return { atMs, beforeBytesPerSecond: link.bytesPerSecond, afterBytesPerSecond };
}

/** Slopes of bytes sent over spans of 0.4 s that begin at `sinceMs` or later. */
function slopesSince(sent: Series, sinceMs: number): number[] {
  const { atMs } = sent;
  const slopes: number[] = [];
  let end = atMs.length - 1;
  for (let start = end; start >= 0; start -= 1) {
    const fromMs = atMs[start] ?? -Infinity;
    if (fromMs < sinceMs) break;
    // The first reading that is far enough away; it only moves back as `start` does.
    if ((atMs[end] ?? -Infinity) - fromMs < slopeMs) continue;
    while ((atMs[end - 1] ?? -Infinity) - fromMs >= slopeMs) end -= 1;
    slopes.push(slope(sent, start, end));
  }
  return slopes;
}

/** The slope up to the last reading from the last one that is `ms` or more away from it. */
function slopeOver(sent: Series, ms: number): number | undefined {
  const lastMs = sent.atMs.at(-1) ?? 0;
  const from = sent.atMs.findLastIndex((atMs) => lastMs - atMs >= ms);
  return from < 0 ? undefined : slope(sent, from, sent.atMs.length - 1);
}

function slope({ atMs, bytes }: Series, from: number, to: number): number {
  const ms = (atMs[to] ?? 0) - (atMs[from] ?? 0);
  return (((bytes[to] ?? 0) - (bytes[from] ?? 0)) * 1000) / Math.max(1, ms);
}
