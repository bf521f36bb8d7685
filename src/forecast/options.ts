import { followPreCopy, lookMs } from './course.ts';
import type { Forecast, Range } from './forecast.ts';
import type { Outlook } from './outlook.ts';
import { leastConnections } from './shrinking.ts';
import { idle, type WorkingSet, writtenWithin } from './working-set.ts';

/** Device state and handshake of a switch-over, ms: what it costs beside memory. */
const handshakeMs = 30;

/**
 * What a sender that is not held back keeps waiting in its socket, beside what is in flight anyhow: the
 * last word of a switch-over queues behind it. Linux lets the send buffer of a TCP connection grow to
 * 4 MiB (tcp_wmem); half of that fits what was seen: at 23.8 MiB/s, for a guest with next to nothing
 * left to send, pauses of 137 to 169 ms, and 76 to 80 ms with the stream held back (bench/switch-over).
 */
const socketBufferBytes = 2 * 1024 * 1024;
/**
 * Each connection of a compressed stream has one. Seen over 23.8 MiB/s, for a guest with next to nothing left to send:
 * pauses of 130 to 296 ms, by this 198; and 15 to 52 with the stream held back.
 */
const compressedBufferBytes = leastConnections * socketBufferBytes;

/**
 * What is on its way even so, in the sender's queues and the shaper's. Seen with the stream held
 * back, for 20 to 50 ms of memory: pauses of 82 to 168 ms over 11.4 MiB/s, 60 to 118 over 34.
 */
const inFlightBytes = 1024 * 1024;

/** The pause that a switch-over costs beside the memory that is left, ms. */
export function switchOverMs(outlook: Outlook, paced: boolean): number {
  const queuedMs = paced ? timeOnWireMs(inFlightBytes, outlook) : socketDrainMs(outlook);
  return handshakeMs + queuedMs;
}

/** Libvirt's own end of a migration, after the guest runs at its destination, ms. */
export const finishMs = 300;

/** When the guest stands still, where it goes as forecast, ms from now. */
export function switchesInMs({ timeMs, blackoutMs }: Forecast): number {
  return timeMs.p50 - finishMs - blackoutMs.p50;
}

/** How long full socket buffers take to drain, ms: what holding the stream back would save. */
export function socketDrainMs(outlook: Outlook): number {
  return timeOnWireMs(outlook.ratio > 1 ? compressedBufferBytes : socketBufferBytes, outlook);
}

/**
 * Pause of a switch to post-copy: the handshake, and device state behind what is in flight. With QEMU 11.1 by 53
 * switches of the lab (bench/peers), whoever asked for them: 86 ms in the middle and 110 nine times of ten over 114
 * MiB/s, 139 and 189 over 34, and 199 over 11 (bench/calibration); by this 88 and 123, 119 and 167, and 207. With
 * QEMU 10.0 by 18 (bench/calibration).
 */
const postCopySwitch = {
  continuous: { handshakeMs: 75, inFlightBytes: 1.5 * 1024 * 1024 },
  passes: { handshakeMs: 30, inFlightBytes: 1.3 * 1024 * 1024 },
} as const;
/** Nine times of ten it takes no more than so many times that. */
const postCopySlowTimes = 1.4;

function postCopyPauseMs(outlook: Outlook): Range {
  const seen = postCopySwitch[outlook.syncing];
  const p50 = seen.handshakeMs + timeToSendMs(seen.inFlightBytes, outlook);
  return { p50, p90: p50 * postCopySlowTimes };
}

/** Share of its speed that a guest loses to page faults, where nothing is known of its writes. */
const usualSlowdown = 0.3;

/**
 * Share of its speed that a guest loses while its pages are fetched: r / (r + C). One that touches
 * more than the link brings waits for nearly every page. Seen on the lab (QEMU 11.1): 0.9 and
 * more for 60 MiB/s over 11 MiB/s, 0.6 over 34 MiB/s, 0.84 for 40 MiB/s over 11 MiB/s.
 * One that writes in turn is slowed to the pace of the link at the most, 1 - C / r, and not at all where it writes less: QEMU
 * goes on behind the page that was asked for, so that the next ones are there before the guest is. With 60 MiB/s over 112 of
 * 224 MiB and 700 Mbit/s, 31 over 48 of 128 and 600, and 20 in bursts over 107 of 256 and 300, nothing was lost; see also
 * `keepsAhead`.
 */
function faultShare(outlook: Outlook): number {
  const { workingSet, bandwidthBytesPerSecond, inTurn } = outlook;
  if (inTurn !== undefined)
    return Math.max(
      elsewhereShare(outlook),
      1 - bandwidthBytesPerSecond / inTurn.rateBytesPerSecond,
    );
  if (workingSet === undefined) return usualSlowdown;
  const { rateBytesPerSecond } = workingSet;
  return rateBytesPerSecond / Math.max(1, rateBytesPerSecond + bandwidthBytesPerSecond);
}

/**
 * What a guest reads, or writes beside, shows nowhere: it has to be fetched, too, and what is sent then is not what it writes
 * next. It waits behind the sender's full buffer, the longer the slower the link, and the more often the longer it is split: with T
 * for the rest, in seconds, and C for the link a share of k T^2 / C. Switched within the first pass, guests that wrote 0.7 of what is
 * carried in turn lost beside the pause, in the mean of two to four, over 100, 150, 250, 400 and 700 Mbit/s (QEMU 11.1): 0.05 s where
 * the rest took 3 s over 150 or more; 0.7, 0.3, 0.2 and 0.25 where 5, and 0.15 over 700 where 6; 2.6 and 0.5 over 150 and 250 where
 * 9; 2.3 and 1.7 over 100 and 400 where 11; 3.7 over 150 where 13. By this 0.1; 0.7, 0.5, 0.3 and 0.2, 0.15; 2.3 and 1.3; 6 and 1.6; 7.
 */
const elsewhereBytesPerSecond = 60 * 1024;

function elsewhereShare(outlook: Outlook): number {
  const restSeconds = timeToSendMs(outlook.remainingBytes, outlook) / 1000;
  const carried = outlook.bandwidthBytesPerSecond;
  return Math.min(1, (elsewhereBytesPerSecond * restSeconds ** 2) / carried);
}

/**
 * Chance that a post-copy ends with the guest lost, 0 to 1: a host must die while it is split, or, where a broken one
 * cannot be mended, the connection break. So it grows with the time for which it is split, beside what may go
 * wrong at each switch. No measurement: 0.05 % for eight seconds (0.5 % where nothing mends it) is taken
 * high enough that nobody is switched for a trifle.
 */
export function lossRiskOf(recoverable: boolean, splitMs: number): number {
  const { eachTime, perSecond } = recoverable ? lossRisk.recoverable : lossRisk.unrecoverable;
  return Math.min(1, eachTime + (perSecond * splitMs) / 1000);
}

/** What each ms more adds to that for one that is split already. */
export function lossRiskPerMs(recoverable: boolean): number {
  return (recoverable ? lossRisk.recoverable : lossRisk.unrecoverable).perSecond / 1000;
}

const lossRisk = {
  recoverable: { eachTime: 0.0001, perSecond: 0.00005 },
  unrecoverable: { eachTime: 0.001, perSecond: 0.0005 },
} as const;
/**
 * A link that has just stood still is taken to do so again: each time adds this share of the risk.
 * No measurement; by it one standstill puts off a post-copy that was hardly better than the rest.
 */
const standstillShare = 4;

/** A limit is taken a little above the trough: QEMU measures its bandwidth over only 100 ms. */
const limitMargin = 1.15;

/** The downtime limit at which QEMU would switch over at the next trough, ms. */
export function neededDowntimeMs(outlook: Outlook): number {
  return timeToSendMs(neededBytes(outlook), outlook);
}

/** What the limit must have room for at the next trough, bytes. */
function neededBytes({ trough, remainingBytes }: Outlook): number {
  return (trough?.leastBytes ?? remainingBytes) * limitMargin;
}

/** A guess that must hold nine times of ten: the link carries so much less ... */
const slowLinkShare = 0.93;
/** ... and a guest writes up to this much faster, where the readings stray far from the curve. */
const mostFasterShare = 0.5;

/** To go on with a downtime limit, for at most `horizonMs`. Where it does not end by then, it never does. */
export interface PreCopyTerms {
  readonly limitMs: number;
  /** What the switch-over costs beside memory. */
  readonly besidesMs: number;
  readonly horizonMs: number;
}

/** If all goes as it does now: `withSlowCourse` says what holds nine times of ten. */
export function forecastPreCopy(outlook: Outlook, terms: PreCopyTerms): Forecast {
  const { limitMs, besidesMs, horizonMs } = terms;
  const set = outlook.workingSet ?? idle;
  const limitBytes = (limitMs * outlook.bandwidthBytesPerSecond) / 1000;
  const course = followPreCopy(outlook, set, limitBytes, horizonMs);
  const wave = atNextTrough(outlook, limitBytes, horizonMs);
  const reachedMs = stuckAbove(outlook, limitBytes) ? undefined : (course.reachedMs ?? wave);
  if (reachedMs === undefined) return { ...forecastStay, bytes: course.sentBytes };
  const leftMs =
    outlook.syncing === 'passes' && course.reachedMs !== undefined
      ? timeToSendMs(course.leftBytes, outlook)
      : leftAtLookMs(outlook, set, limitMs);
  return {
    completes: true,
    timeMs: {
      p50: reachedMs + leftMs + besidesMs + finishMs,
      p90: reachedMs + limitMs + besidesMs + finishMs,
    },
    blackoutMs: { p50: leftMs + besidesMs, p90: limitMs * limitMargin + besidesMs },
    slowdownShare: 0,
    slowdownMs: 0,
    bytes: course.sentBytes + course.leftBytes,
    lossRisk: 0,
  };
}

/**
 * What is left when a QEMU that looks all the time sees that it fits, ms. It falls by what the link carries beyond
 * what is written, and on the way from one look to the next the limit is met half-way. Seen over 1,000
 * Mbit/s: 56 ms of pause for an idle guest with a limit of 50, 70 to 91 for one that writes a third of what the
 * link carries, and 136 to 151 with a limit of 100 for those that write nearly all of it.
 */
function leftAtLookMs(outlook: Outlook, set: WorkingSet, limitMs: number): number {
  const { remainingBytes, bandwidthBytesPerSecond } = outlook;
  const writtenShare = Math.min(1, set.rateBytesPerSecond / bandwidthBytesPerSecond);
  const fallMs = (lookMs / 2) * (1 - writtenShare);
  return Math.max(0, Math.min(limitMs, timeToSendMs(remainingBytes, outlook)) - fallMs);
}

/** With the time that a slower link and a faster guest would take: it is another course to follow. */
export function withSlowCourse(
  forecast: Forecast,
  outlook: Outlook,
  terms: PreCopyTerms,
): Forecast {
  if (!forecast.completes) return forecast;
  const { limitMs, besidesMs, horizonMs } = terms;
  const { reachedMs } = followPreCopy(
    { ...outlook, bandwidthBytesPerSecond: outlook.bandwidthBytesPerSecond * slowLinkShare },
    faster(outlook.workingSet ?? idle),
    (limitMs * outlook.bandwidthBytesPerSecond) / 1000,
    horizonMs,
  );
  const { p50, p90 } = forecast.timeMs;
  const latestMs =
    reachedMs === undefined ? p90 + outlook.passMs : reachedMs + limitMs + besidesMs + finishMs;
  return { ...forecast, timeMs: { p50, p90: Math.max(p90, latestMs) } };
}

/** What was seen counts more than the curve: it does not fall any more, and never was so little. */
function stuckAbove(outlook: Outlook, limitBytes: number): boolean {
  return outlook.stalled && outlook.trough !== undefined && neededBytes(outlook) > limitBytes;
}

/** A guest whose writes come in waves falls to its trough again: half a pass away, on the whole. */
function atNextTrough(outlook: Outlook, limitBytes: number, horizonMs: number): number | undefined {
  const { trough, passMs } = outlook;
  if (trough === undefined || neededBytes(outlook) > limitBytes) return undefined;
  return passMs / 2 <= horizonMs ? passMs / 2 : undefined;
}

function faster(set: WorkingSet): WorkingSet {
  const share = 1 + Math.min(mostFasterShare, set.errorShare);
  return { ...set, rateBytesPerSecond: set.rateBytesPerSecond * share };
}

/** Stop the guest at a trough and send the rest. */
export function forecastStop(outlook: Outlook, paced: boolean): Forecast {
  const besidesMs = switchOverMs(outlook, paced);
  const least = outlook.trough?.leastBytes ?? outlook.remainingBytes;
  const most = outlook.trough?.mostBytes ?? outlook.remainingBytes;
  const blackoutMs = {
    p50: timeToSendMs(least, outlook) * limitMargin + besidesMs,
    p90: timeToSendMs(most, outlook) + besidesMs,
  };
  return {
    completes: Number.isFinite(blackoutMs.p50),
    timeMs: { p50: blackoutMs.p50 + finishMs, p90: blackoutMs.p90 + finishMs },
    blackoutMs,
    slowdownShare: 0,
    slowdownMs: 0,
    bytes: least,
    lossRisk: 0,
  };
}

/**
 * What the guest waits for while it runs split: pages that it asks for go first, so the working set, and what
 * else is left comes beside. Seen on the lab (QEMU 11.1, 256 MiB over 1,000 Mbit/s) with guests that write 34,
 * 107 and 341 MiB/s anywhere in 128 MiB, switched early and after a whole pass: 0.44 and 0.20, 0.62 and
 * 0.70, 0.91 and 0.94 s of lost work; by this 0.37 and 0.23, 0.65 and 0.65, 0.94 and 0.94.
 */
function missedBytes({ remainingBytes, unsentBytes, workingSet, inTurn }: Outlook): number {
  if (inTurn !== undefined && unsentBytes > 0) return remainingBytes;
  return workingSet === undefined ? remainingBytes : Math.min(remainingBytes, workingSet.setBytes);
}

/** Run the guest at the destination and fetch what is left. */
export function forecastPostCopy(outlook: Outlook, recoverable: boolean): Forecast {
  const fetchMs = timeToSendMs(outlook.remainingBytes, outlook);
  const pauseMs = postCopyPauseMs(outlook);
  return {
    completes: Number.isFinite(fetchMs),
    timeMs: {
      p50: fetchMs + pauseMs.p50 + finishMs,
      p90: fetchMs * 1.5 + pauseMs.p90 + finishMs,
    },
    blackoutMs: pauseMs,
    slowdownShare: faultShare(outlook),
    slowdownMs: timeToSendMs(missedBytes(outlook), outlook),
    bytes: outlook.remainingBytes,
    lossRisk: lossRiskOf(recoverable, fetchMs) * (1 + standstillShare * outlook.standstills),
  };
}

/** Give up: nothing more is sent, nothing is felt. */
export const forecastStay: Forecast = {
  completes: false,
  timeMs: { p50: Infinity, p90: Infinity },
  blackoutMs: { p50: 0, p90: 0 },
  slowdownShare: 0,
  slowdownMs: 0,
  bytes: 0,
  lossRisk: 0,
};

/** Time until all memory was sent once, ms: 0 after that. */
export function firstPassLeftMs(outlook: Outlook): number {
  return timeToSendMs(outlook.unsentBytes * outlook.sentShare, outlook);
}

/** What is left when all memory was sent once, bytes, and how long that takes from now. */
export function afterFirstPass(outlook: Outlook): {
  readonly ms: number;
  readonly leftBytes: number;
  readonly sentBytes: number;
} {
  const ms = firstPassLeftMs(outlook);
  const set = outlook.workingSet ?? idle;
  const leftBytes =
    outlook.syncing === 'passes'
      ? writtenWithin(set, outlook.passMs)
      : afterPreCopy(outlook, ms).leftBytes;
  return { ms, leftBytes, sentBytes: outlook.unsentBytes * outlook.sentShare };
}

/** What is left, and was sent, after so much more of pre-copy. */
export function afterPreCopy(
  outlook: Outlook,
  ms: number,
): { readonly leftBytes: number; readonly sentBytes: number } {
  const { leftBytes, sentBytes } = followPreCopy(outlook, outlook.workingSet ?? idle, 0, ms);
  return { leftBytes, sentBytes };
}

/** What is left at a trough, and was sent, when a guest that does not fit was waited for. */
export function afterWaiting(
  outlook: Outlook,
  ms: number,
): { readonly leftBytes: number; readonly sentBytes: number } {
  const sentBytes = (outlook.bandwidthBytesPerSecond * ms) / 1000;
  const { trough } = outlook;
  if (trough !== undefined) return { leftBytes: trough.leastBytes, sentBytes };
  return { leftBytes: afterPreCopy(outlook, ms + outlook.passMs).leftBytes, sentBytes };
}

/** The same, begun `ms` later and after `bytes` more were sent. */
export function later(forecast: Forecast, ms: number, bytes: number): Forecast {
  const { p50, p90 } = forecast.timeMs;
  return { ...forecast, timeMs: { p50: p50 + ms, p90: p90 + ms }, bytes: forecast.bytes + bytes };
}

/** Of what is not compressed any more. */
function timeOnWireMs(bytes: number, outlook: Outlook): number {
  return timeToSendMs(bytes * outlook.ratio, outlook);
}

function timeToSendMs(bytes: number, outlook: Outlook): number {
  return outlook.bandwidthBytesPerSecond > 0
    ? (bytes / outlook.bandwidthBytesPerSecond) * 1000
    : Infinity;
}
