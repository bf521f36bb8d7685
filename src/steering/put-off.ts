import type { Outlook } from '../forecast/outlook.ts';
import { impatience, weights } from './harm.ts';
import { lastMomentMs, sinceFirstPassMs } from './patience.ts';
import type { Situation } from './situation.ts';

/**
 * A pause cannot be taken back, and who falls quiet meanwhile needs none: so a longer one is put off until the wait has
 * cost this share of what it does. Who writes on pays no more than that for it.
 */
const waitShare = 0.15;
/** What is left falls by this share of what the link carries, or more: it is no wave of one look. */
const fallingShare = 0.3;

/**
 * Why a pause that is longer by so much, ms, is not allowed yet; `undefined`: nothing speaks against it. A guest that
 * wrote 2.3 times what 450 Mbit/s carry, in bursts, was given 285 ms when it had just fallen quiet, and paused for 273; put
 * off, it was across at the same time with a pause of 56 (simulated).
 */
export function putOffBecause(
  situation: Situation,
  view: Outlook,
  longerMs: number,
): string | undefined {
  const { slaClass, importance, atMs, deadlineMs } = situation;
  // Where QEMU looks only when a pass ends, that end is not to be missed.
  if (view.syncing === 'passes' || atMs > lastMomentMs(deadlineMs, view)) return undefined;
  const { pause } = weights[slaClass];
  const msWeighs = impatience[importance] / 1000;
  // Each ms of waiting takes so many ms from the pause that is needed.
  if (view.fallShare > Math.max(fallingShare, msWeighs / pause))
    return 'it is put off: what is left falls, and less is needed from one moment to the next';
  if (sinceFirstPassMs(situation) * msWeighs < longerMs * pause * waitShare)
    return 'it is put off: the guest may rest, and need less';
  return undefined;
}
