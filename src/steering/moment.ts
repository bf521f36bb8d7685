import { forecastPostCopy } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import { type Candidate, harm } from './candidates.ts';
import { impatience } from './harm.ts';
import { patienceLeftMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** Post-copy starts this near to the trough, or after this many passes of waiting for it. */
const troughMargin = 1.2;
const troughPasses = 1.5;
/** Where QEMU looks only at the end of a pass, what it saw is true for so long, ms. */
const freshMs = 400;
/** The next trough may be higher, and come later: it is waited for where that costs less than this share of what it spares. */
const spareShare = 0.5;

/**
 * Whether what is left is about as little as it ever was and will be, or the wait for that was long enough. Within
 * a pass of a QEMU that looks only at its end, nobody knows what is left: its end is waited for.
 */
export function isGoodMoment(situation: Situation, view: Outlook, postCopy: Candidate): boolean {
  const least = view.trough?.leastBytes ?? Infinity;
  const waited = -patienceLeftMs(situation, view);
  if (waited > troughPasses * view.passMs) return true;
  if (view.syncing === 'passes') return view.sinceSyncMs < freshMs;
  if (postCopy.afterMs > 0) return false;
  if (view.remainingBytes <= least * troughMargin) return true;
  return isWaitDear(situation, view, { now: postCopy, leastBytes: least });
}

/**
 * Whether the wait for `least` bytes to be left again does more harm than it is worth. Who outruns the link in turn makes waves
 * that are seconds long: one that wrote 1.3 times what 700 Mbit/s carry had 55 MiB left when its patience ended, 73 a
 * little later, and was across after 10.5 to 14 s for want of so few.
 */
function isWaitDear(
  situation: Situation,
  view: Outlook,
  { now, leastBytes }: { readonly now: Candidate; readonly leastBytes: number },
): boolean {
  const { remainingBytes, fallShare, bandwidthBytesPerSecond, passMs } = view;
  const { importance, capabilities } = situation;
  const atTrough = { ...view, remainingBytes: leastBytes };
  const then = { forecast: forecastPostCopy(atTrough, capabilities.postCopyRecoverable) };
  const fallsBy = Math.max(0, fallShare * bandwidthBytesPerSecond);
  const waitMs = Math.min(passMs, ((remainingBytes - leastBytes) * 1000) / fallsBy);
  const costs = (impatience[importance] * waitMs) / 1000;
  return costs >= (harm(situation, now) - harm(situation, then)) * spareShare;
}

/** What it waits for, in words. */
export function momentText({ syncing, remainingBytes }: Outlook, { afterMs }: Candidate): string {
  if (syncing === 'passes') return 'the end of this pass, which says what is left';
  const moment = `the moment when less is left than ${formatBytes(remainingBytes)}`;
  return afterMs > 0 ? `${moment}, in some ${formatDuration(afterMs)}` : moment;
}
