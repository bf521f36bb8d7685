import type { GuestModel } from './simulated-guest.ts';
import type { HypervisorTraits } from './simulated-qemu.ts';

const pageBytes = 4096;
/** A guest that goes through its memory in turn finds the pages behind the one it asked for: measured. */
const sequentialShare = 0.25;

/** How long a guest in post-copy waits for a page that has not arrived, ms. */
export function faultMs(
  { pattern }: GuestModel,
  { faultMs: ms, faultQueueBytes }: HypervisorTraits,
  linkBytesPerSecond: number,
): number {
  if (linkBytesPerSecond <= 0) return Infinity;
  const whole = ms + (faultQueueBytes / linkBytesPerSecond) * 1000;
  return pattern?.kind === 'sequential' ? whole * sequentialShare : whole;
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
