import type { GuestModel } from './simulated-guest.ts';

const pageBytes = 4096;
/**
 * What is sent before a page that was asked for, with it. Fitted to what guests lost that write at random or hot: see
 * bench/calibration.
 */
const faultQueueBytes = 60 * 1024;

/**
 * How long a guest in post-copy waits for a page that has not arrived, ms. Behind the page that was asked for come the
 * next ones, so one that goes through its memory in turn waits as far as it is faster than the link.
 */
export function faultMs(
  { pattern, writeBytesPerSecond }: GuestModel,
  linkBytesPerSecond: number,
): number {
  if (linkBytesPerSecond <= 0) return Infinity;
  if (pattern?.kind !== 'sequential') return (faultQueueBytes / linkBytesPerSecond) * 1000;
  return Math.max(0, pageBytes / linkBytesPerSecond - pageBytes / writeBytesPerSecond) * 1000;
}

/**
 * Share of its time that a guest at work waits for pages, 0 to 1, while the share of its pages that
 * have not arrived falls evenly from `before` to `after`. With m of its pages missing it gets on with
 * one in 1 / r + m L, so it waits m L r / (1 + m L r) of the time; this is the mean of that.
 */
export function stalledShare(
  { writeBytesPerSecond }: GuestModel,
  perFaultMs: number,
  before: number,
  after: number,
): number {
  if (perFaultMs === Infinity) return 1;
  const k = (writeBytesPerSecond / pageBytes) * (perFaultMs / 1000);
  if (k <= 0) return 0;
  const fell = before - after;
  if (fell < 1e-6) return (k * before) / (1 + k * before);
  return 1 - Math.log((1 + k * before) / (1 + k * after)) / (k * fell);
}
