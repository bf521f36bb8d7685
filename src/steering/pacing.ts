import { socketDrainMs } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';

/** The stream is held back to this share of the link, so that the socket's buffer runs empty. */
const usualShare = 0.85;
/**
 * A compressed one further: what fills the buffers of its connections looks as if the link carried it, 16 % more in the
 * first three seconds over 200 Mbit/s.
 */
const compressedShare = 0.76;

/** To which share of the link the stream is held back. */
export function pacedShareOf({ ratio }: Pick<Outlook, 'ratio'>): number {
  return ratio > 1 ? compressedShare : usualShare;
}

/**
 * Holding back pays where the buffer would add more than this to the pause, ms, at the speed to which the stream is
 * held. Over 500 Mbit/s it is 41: in nine runs of bench/peers/held-out pauses were 83 ms in the mean with it, 91
 * without, and the end came no later.
 */
const drainWorthMs = 40;
/**
 * Where it would take longer than this, ms, the link is not known: while pages are constant little goes over the wire, and a
 * guest of 4 GiB, 0.2 GiB of it touched, was held to less each time, down to a few bytes a second, for hours (simulated).
 */
const drainKnownMs = 1_000;
/**
 * It begins when the buffer has time to run nearly empty, and so much before that: it takes a decision. Begun nearly
 * twice as early, quiet guests over 100 and 200 Mbit/s paused for 65 ms in the mean instead of 70, and were across 53 ms later.
 */
const aheadShare = 0.9;
const decisionMs = 100;
/**
 * After the first pass what is left has to fall by this share of what the link carries. Where it falls more slowly, holding
 * back by 15 % makes the end later by far more than that, and what waits in the buffer is not what the pause is made of:
 * a guest that wrote 0.9 of what 350 Mbit/s carry was across in 6.4 s instead of 5.4, with the same pause.
 */
const fallingShare = 0.6;

/** Whether holding the stream back pays over this link. */
export function pacingPays(view: Outlook): boolean {
  const drainMs = socketDrainMs(view);
  return drainMs > drainWorthMs && drainMs < drainKnownMs;
}

/** How long before the switch-over it begins, ms: the buffer runs empty by what the link carries beyond the stream. */
export function paceAheadMs(view: Outlook): number {
  return (socketDrainMs(view) / (1 - pacedShareOf(view))) * aheadShare + decisionMs;
}

/** Whether what is left falls fast enough for it; of a first pass under way nothing shows that yet. */
export function fallsFastEnough({ trough, fallShare }: Outlook): boolean {
  return trough === undefined || fallShare >= fallingShare;
}

/** By how much later it arrives for being held back, when it would have been there in `ms`. */
export function pacingCostMs(view: Outlook, ms: number): number {
  return pacingPays(view) ? Math.min(ms, paceAheadMs(view)) * (1 / pacedShareOf(view) - 1) : 0;
}
