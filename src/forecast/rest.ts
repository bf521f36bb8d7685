import type { Forecast } from './forecast.ts';
import { finishMs, lossRiskPerMs } from './options.ts';
import type { WorkingSet } from './working-set.ts';

/** How the rest of a guest's memory follows it in post-copy. Bytes, bytes/s. */
export interface RestTerms {
  readonly remainingBytes: number;
  /** What the link carries. */
  readonly bandwidthBytesPerSecond: number;
  readonly missing: Missing;
  /** Whether a broken post-copy can be mended. */
  readonly recoverable: boolean;
}

/** What a guest in post-copy comes to that is not there. */
export interface Missing {
  /** Pages in a second, if it waited for none. */
  readonly perSecond: number;
  readonly pageBytes: number;
}

/**
 * How long the guest waits for a page that comes behind what is sent unasked, ms. QEMU 11.1 has a connection of its own for
 * what is asked for, but it shares the link, and pages that are in the other's full send buffer (4 MiB at most, tcp_wmem) are
 * not sent again. Seen: 10, 9.4 and 8.7 ms for guests that write anywhere, over 150, 500 and 1,000 Mbit/s; 7 ms over 500, and
 * 2.4 with 128 KiB of unsent bytes at most in a socket (bench/post-copy-speed). A faster link has sent a third of the buffer sooner.
 */
const mostWaitMs = 9;
const freedBytes = (4 * 1024 * 1024) / 3;

export function freeWaitMs(bandwidthBytesPerSecond: number): number {
  return Math.min(mostWaitMs, (freedBytes / bandwidthBytesPerSecond) * 1000);
}

/**
 * The same with the rest held back, ms: by what it was seen to lose, of what it lost free. For eleven guests that write 0.4 to 7
 * times what is carried this says 0.1, 0.28, 0.05, 0.35, 0.45, 0.51, 0.68, 0.69, 0.80, 1.4 and 1.5, and seen were 0.24, 0.25, 0.22, 0.43,
 * 0.52, 0.64, 0.76, 0.58, 0.93, 1.4 and 2.0 (bench/post-copy-speed; the last two by bench/peers). QEMU itself answers within 0.03 to 0.09 ms.
 */
export const heldWaitMs = 0.1;

/** Who waits for more than this share of its time may miss any number of pages. */
const tellingShare = 0.8;

/**
 * What it misses, by how often it asks where each page takes so long: it waits for that share of its time, and misses them in
 * the rest. `isLeast`: it waits nearly all the time, so that it may be far more.
 */
export function missedBy(
  askedPerSecond: number,
  waitMs: number,
): { readonly perSecond: number; readonly isLeast: boolean } {
  const waits = (askedPerSecond * waitMs) / 1000;
  const isLeast = waits > tellingShare;
  return { perSecond: askedPerSecond / (1 - Math.min(tellingShare, waits)), isLeast };
}

/** Of what it writes half of the share that is not there at first: that falls to nothing until all is across. */
const meanOfFall = 0.5;

/** The same by what it writes, in pages of `pageBytes`, while `remainingBytes` of its set are missing. */
export function missedWriting(set: WorkingSet, remainingBytes: number, pageBytes: number): number {
  const share = Math.min(1, remainingBytes / Math.max(1, set.setBytes)) * meanOfFall;
  return (set.rateBytesPerSecond / pageBytes) * share;
}

/** As fast as the link carries: what the guest asks for comes behind what is sent unasked. */
export function forecastFreeRest(terms: RestTerms): Forecast {
  const { bandwidthBytesPerSecond, missing } = terms;
  const slowdown = waitedShare(missing, freeWaitMs(bandwidthBytesPerSecond));
  return forecastRest(terms, bandwidthBytesPerSecond, slowdown);
}

/** With what is sent unasked held to a share of the link: what the guest asks for comes beside it, and at once. */
export function forecastHeldRest(terms: RestTerms, heldShare: number): Forecast {
  const { bandwidthBytesPerSecond, missing } = terms;
  const slowdown = waitedShare(missing, heldWaitMs);
  const askedPerSecond = missing.perSecond * (1 - slowdown);
  const asked = askedShareOf(askedPerSecond, missing.pageBytes, bandwidthBytesPerSecond);
  const share = Math.min(1, heldShare + asked);
  return forecastRest(terms, bandwidthBytesPerSecond * share, slowdown);
}

/** The share of the link that the pages take which the guest asks for. */
export function askedShareOf(
  askedPerSecond: number,
  pageBytes: number,
  bandwidthBytesPerSecond: number,
): number {
  return (askedPerSecond * pageBytes) / bandwidthBytesPerSecond;
}

/** With u missed in a second at its full speed, and w for each, it waits u w / (1 + u w) of its time. */
function waitedShare({ perSecond }: Missing, waitMs: number): number {
  const waits = (perSecond * waitMs) / 1000;
  return waits / (1 + waits);
}

function forecastRest(
  { remainingBytes, recoverable }: RestTerms,
  bytesPerSecond: number,
  slowdownShare: number,
): Forecast {
  const ms = (remainingBytes / bytesPerSecond) * 1000;
  return {
    completes: true,
    timeMs: { p50: ms + finishMs, p90: ms * 1.5 + finishMs },
    blackoutMs: { p50: 0, p90: 0 },
    slowdownShare,
    slowdownMs: ms,
    bytes: remainingBytes,
    lossRisk: Math.min(1, lossRiskPerMs(recoverable) * ms),
  };
}
