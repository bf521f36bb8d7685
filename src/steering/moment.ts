import type { Outlook } from '../forecast/outlook.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import type { Candidate } from './candidates.ts';
import { patienceLeftMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** Post-copy starts this near to the trough, or after this many passes of waiting for it. */
const troughMargin = 1.2;
const troughPasses = 1.5;
/** Where QEMU looks only at the end of a pass, what it saw is true for so long, ms. */
const freshMs = 400;

/**
 * Whether what is left is about as little as it ever was and will be, or the wait for that was long enough. Within
 * a pass of a QEMU that looks only at its end, nobody knows what is left: its end is waited for.
 */
export function isGoodMoment(situation: Situation, view: Outlook, { afterMs }: Candidate): boolean {
  const least = view.trough?.leastBytes ?? Infinity;
  const waited = -patienceLeftMs(situation, view);
  if (waited > troughPasses * view.passMs) return true;
  if (view.syncing === 'passes') return view.sinceSyncMs < freshMs;
  return afterMs === 0 && view.remainingBytes <= least * troughMargin;
}

/** What it waits for, in words. */
export function momentText({ syncing, remainingBytes }: Outlook, { afterMs }: Candidate): string {
  if (syncing === 'passes') return 'the end of this pass, which says what is left';
  const moment = `the moment when less is left than ${formatBytes(remainingBytes)}`;
  return afterMs > 0 ? `${moment}, in some ${formatDuration(afterMs)}` : moment;
}
