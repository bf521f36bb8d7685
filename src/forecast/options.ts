import type { Forecast, Range } from './forecast.ts';
import type { Outlook } from './model.ts';

/** Device state and handshake of a switch-over, ms: what it costs beside memory. */
const handshakeMs = 30;

/**
 * What a sender that is not held back keeps waiting in its socket: Linux lets the send buffer of
 * a TCP connection grow to 4 MiB (tcp_wmem). The last word of a switch-over queues behind it.
 * Seen at 23.8 MiB/s, for a guest with next to nothing left to send: 137 to 169 ms of pause, and 76
 * to 80 ms with the stream held 15 % under the link (bench/switch-over).
 */
const socketBufferBytes = 4 * 1024 * 1024;

/** The pause that a switch-over costs beside the memory that is left, ms. */
export function switchOverMs(outlook: Outlook, paced: boolean): number {
  return handshakeMs + (paced ? 0 : socketDrainMs(outlook));
}

/** How long a full socket buffer takes to drain, ms: what holding the stream back would save. */
export function socketDrainMs(outlook: Outlook): number {
  return timeToSendMs(socketBufferBytes, outlook);
}

/**
 * Pause of a switch to post-copy, ms. Measured on the lab: 142 to 323 ms with QEMU 11.1, 850 ms
 * with QEMU 10.0, both emulated.
 */
const postCopyPauseMs: Range = { p50: 250, p90: 850 };

/** Share of its speed that a guest lost while its pages were fetched (QEMU 11.1, 12 % to 50 %). */
const postCopySlowdown = 0.3;

/** Chance that a post-copy ends with the guest lost: a host must die while it is split. */
const lossRisk = { recoverable: 0.0005, unrecoverable: 0.005 } as const;

/** A limit is taken a little above the trough: QEMU measures its bandwidth over only 100 ms. */
const limitMargin = 1.15;

/** The downtime limit at which QEMU would switch over at the next trough, ms. */
export function neededDowntimeMs(outlook: Outlook): number {
  const left = outlook.trough?.leastBytes ?? outlook.remainingBytes;
  return timeToSendMs(left, outlook) * limitMargin;
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
    timeMs: { p50: blackoutMs.p50 + outlook.passMs / 2, p90: blackoutMs.p90 + outlook.passMs },
    blackoutMs,
    slowdownShare: 0,
    slowdownMs: 0,
    bytes: least + inflowDuring(outlook, outlook.passMs / 2),
    lossRisk: 0,
  };
}

/** Run the guest at the destination and fetch what is left. */
export function forecastPostCopy(outlook: Outlook, recoverable: boolean): Forecast {
  const fetchMs = timeToSendMs(outlook.remainingBytes, outlook);
  return {
    completes: Number.isFinite(fetchMs),
    timeMs: { p50: fetchMs + postCopyPauseMs.p50, p90: fetchMs * 1.5 + postCopyPauseMs.p90 },
    blackoutMs: postCopyPauseMs,
    slowdownShare: postCopySlowdown,
    slowdownMs: fetchMs,
    bytes: outlook.remainingBytes,
    lossRisk: recoverable ? lossRisk.recoverable : lossRisk.unrecoverable,
  };
}

/** Go on as it is, with the downtime that is allowed now. */
export function forecastWait(outlook: Outlook, maxDowntimeMs: number, paced: boolean): Forecast {
  const besidesMs = switchOverMs(outlook, paced);
  const converges =
    outlook.trough === undefined || neededDowntimeMs(outlook) <= maxDowntimeMs * limitMargin;
  const leftMs = timeToSendMs(outlook.remainingBytes, outlook);
  const p50 = converges ? leftMs + besidesMs : Infinity;
  return {
    completes: converges,
    timeMs: { p50, p90: converges ? leftMs + outlook.passMs : Infinity },
    blackoutMs: {
      p50: Math.min(maxDowntimeMs, leftMs) / 2 + besidesMs,
      p90: maxDowntimeMs + besidesMs,
    },
    slowdownShare: 0,
    slowdownMs: 0,
    bytes: outlook.remainingBytes,
    lossRisk: 0,
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

function timeToSendMs(bytes: number, outlook: Outlook): number {
  return outlook.bandwidthBytesPerSecond > 0
    ? (bytes / outlook.bandwidthBytesPerSecond) * 1000
    : Infinity;
}

function inflowDuring(outlook: Outlook, ms: number): number {
  return Number.isFinite(ms) ? (outlook.inflowBytesPerSecond * ms) / 1000 : 0;
}
