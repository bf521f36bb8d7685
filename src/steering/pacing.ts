import { socketDrainMs } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';

/** The stream is held back to this share of the link, so that the socket's buffer runs empty. */
export const pacedShare = 0.85;
/** Holding back pays where the buffer would add more than this to the pause, ms. */
const drainWorthMs = 30;
/** In the first pass it begins this long before the end: four MiB drain in that time. */
export const paceAheadMs = 2_500;

/** Whether holding the stream back pays over this link. */
export function pacingPays(view: Outlook): boolean {
  const drainMs = socketDrainMs(view);
  return Number.isFinite(drainMs) && drainMs > drainWorthMs;
}

/** By how much later it arrives for being held back, when it would have been there in `ms`. */
export function pacingCostMs(view: Outlook, ms: number): number {
  return pacingPays(view) ? Math.min(ms, paceAheadMs) * (1 / pacedShare - 1) : 0;
}
