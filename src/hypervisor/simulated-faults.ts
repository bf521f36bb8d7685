import type { GuestModel } from './simulated-guest.ts';

const pageBytes = 4096;
/**
 * What is sent before a page that was asked for, with it. Fitted to what guests lost that write at random or hot: see
 * bench/calibration.
 */
const faultQueueBytes = 60 * 1024;

/**
 * How long a guest in post-copy waits for a page that has not arrived, ms. Behind the page that was asked for come the
 * next ones, so one that goes through its memory in turn waits as far as it is faster than the link. `held`: what is
 * sent unasked is held back, and the page comes at once; seen on the lab: 0.03, 0.06 and 0.09 ms over 1,000, 500 and 150 Mbit/s.
 */
export function faultMs(
  { pattern, writeBytesPerSecond }: GuestModel,
  linkBytesPerSecond: number,
  held = false,
): number {
  if (linkBytesPerSecond <= 0) return Infinity;
  if (held) return (pageBytes / linkBytesPerSecond) * 1000;
  if (pattern?.kind !== 'sequential') return (faultQueueBytes / linkBytesPerSecond) * 1000;
  return Math.max(0, pageBytes / linkBytesPerSecond - pageBytes / writeBytesPerSecond) * 1000;
}

/**
 * How long a guest waits between asking and its page, ms, as the requests that QEMU counts show it: it asks far more rarely
 * than it misses pages, for what comes behind the page that it asked for is often what it misses next.
 */
export function requestMs(guest: GuestModel, linkBytesPerSecond: number, held: boolean): number {
  const perFaultMs = faultMs(guest, linkBytesPerSecond, held);
  return held || guest.pattern?.kind === 'sequential' ? perFaultMs : Math.max(perFaultMs, queuedMs);
}

/** Seen on the lab: 8.7 to 10 ms over 150 to 1,000 Mbit/s. */
const queuedMs = 9;

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

/**
 * What a guest that writes in turn does elsewhere, of what has not arrived, takes the sender from its way: a rest that takes T
 * costs it a share of k T^2 / C of that, with 60 KiB/s for k. By 52 switches within the first pass, over 100 to 700
 * Mbit/s (`forecastPostCopy`), and 90 of bench/peers (bench/calibration); at the moment it is three times that.
 */
const elsewhereBytesPerSecond = 3 * 60 * 1024;

/** Share of its time that a guest which writes in turn waits for what it does elsewhere, 0 to 1; others: 0. */
export function elsewhereShare(
  { pattern }: GuestModel,
  missingBytes: number,
  linkBytesPerSecond: number,
): number {
  if (pattern?.kind !== 'sequential' || missingBytes <= 0) return 0;
  const restSeconds = missingBytes / linkBytesPerSecond;
  return Math.min(1, (elsewhereBytesPerSecond * restSeconds ** 2) / linkBytesPerSecond);
}
