import type { Forecast } from './forecast.ts';
import { finishMs, lossRiskPerMs } from './options.ts';

/** How the rest of a guest's memory follows it in post-copy. Bytes, bytes/s. */
export interface RestTerms {
  readonly remainingBytes: number;
  /** What the link carries. */
  readonly bandwidthBytesPerSecond: number;
  /** Pages that the guest asks for in a second, and how large they are. */
  readonly askedPerSecond: number;
  readonly pageBytes: number;
  /** Whether a broken post-copy can be mended. */
  readonly recoverable: boolean;
}

/**
 * How long the guest waits for a page that comes behind what is sent unasked, ms. QEMU 11.1 has a connection of its own for
 * what is asked for, but it shares the link, and pages that are in the other's full send buffer (4 MiB at most, tcp_wmem) are
 * not sent again. Seen: 10, 9.4 and 8.7 ms for guests that write anywhere, over 150, 500 and 1,000 Mbit/s; 7 ms over 500, and
 * 2.4 with 128 KiB of unsent bytes at most in a socket (bench/post-copy-speed). A faster link has sent a third of the buffer sooner.
 */
const mostWaitMs = 9;
const freedBytes = (4 * 1024 * 1024) / 3;

/**
 * With the rest held back a guest loses so much more of its time than the share of the link that what it asks for takes.
 * Seen (QEMU 11.1, held to 0.3 of the link): 6, 6, 9, 11, 19, 26 and 53 % of its time, with 6, 5, 20, 5, 20, 16 and 32 % of the link.
 */
const lostTimes = 1.5;

/** As fast as the link carries: what the guest asks for comes behind what is sent unasked. */
export function forecastFreeRest(terms: RestTerms): Forecast {
  const { askedPerSecond, bandwidthBytesPerSecond } = terms;
  return forecastRest(terms, bandwidthBytesPerSecond, waitedShare(askedPerSecond, terms));
}

/** With what is sent unasked held to a share of the link: what the guest asks for comes beside it, and at once. */
export function forecastHeldRest(terms: RestTerms, heldShare: number): Forecast {
  const asked = askedShareOf(terms);
  const share = Math.min(1, heldShare + asked);
  return forecastRest(terms, terms.bandwidthBytesPerSecond * share, Math.min(1, asked * lostTimes));
}

/** The share of the link that the pages take which the guest asks for. */
export function askedShareOf({
  askedPerSecond,
  pageBytes,
  bandwidthBytesPerSecond,
}: RestTerms): number {
  return (askedPerSecond * pageBytes) / bandwidthBytesPerSecond;
}

function waitedShare(askedPerSecond: number, { bandwidthBytesPerSecond }: RestTerms): number {
  const waitMs = Math.min(mostWaitMs, (freedBytes / bandwidthBytesPerSecond) * 1000);
  return Math.min(1, (askedPerSecond * waitMs) / 1000);
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
