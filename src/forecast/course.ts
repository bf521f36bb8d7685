import type { Outlook } from './outlook.ts';
import { type WorkingSet, writtenWithin } from './working-set.ts';

/** Where pre-copy is expected to go if nothing is changed. */
export interface Course {
  /** When no more than the limit is left, ms from now; `undefined`: not within the horizon. */
  readonly reachedMs: number | undefined;
  /** What is left then, or at the horizon, bytes. */
  readonly leftBytes: number;
  /** Bytes put on the link until then. */
  readonly sentBytes: number;
}

/** A pass is followed in this many steps: finer ones change the figures by less than 1 %. */
const stepsPerPass = 50;
const mostSteps = 2_000;
/**
 * Between two looks of a QEMU that looks all the time, ms. What was written since the last one comes on top of
 * what it says is left, and has to fit as well. Guests that write 107 MiB/s over 114 MiB/s had 1 to 5 MiB left by
 * its word for two seconds, and were not stopped for 50 ms, which 5.7 MiB take.
 */
export const lookMs = 62;
/** Passes that shrink by less than this are not going to fit. */
const shrinkingShare = 0.995;

/**
 * Follows pre-copy until no more than `limitBytes` is left, or for `horizonMs`. In whole passes
 * x(k+1) = W(x(k)) / C; where QEMU looks all the time, clean memory of the set becomes dirty at
 * the rate r (1 - dirty / S) while C is sent.
 */
export function followPreCopy(
  view: Outlook,
  set: WorkingSet,
  limitBytes: number,
  horizonMs: number,
): Course {
  if (view.bandwidthBytesPerSecond <= 0)
    return {
      reachedMs: undefined,
      leftBytes: view.remainingBytes,
      sentBytes: 0,
    };
  return view.syncing === 'passes'
    ? followPasses(view, set, limitBytes, horizonMs)
    : followContinuous(view, set, limitBytes, horizonMs);
}

function followPasses(
  view: Outlook,
  set: WorkingSet,
  limitBytes: number,
  horizonMs: number,
): Course {
  const perMs = view.bandwidthBytesPerSecond / 1000;
  const passBytes = view.unsentBytes > 0 ? view.unsentBytes * view.sentShare : view.remainingBytes;
  let atMs = passBytes / perMs;
  let sentBytes = passBytes;
  // What was written since this pass began, up to now, is not known: the whole pass counts.
  const wholeMs = view.unsentBytes > 0 ? view.passMs : Math.max(atMs, sincePassBegan(view));
  let left = writtenWithin(set, wholeMs);
  while (atMs <= horizonMs) {
    if (left <= limitBytes) return { reachedMs: atMs, leftBytes: left, sentBytes };
    const ms = left / perMs;
    const next = writtenWithin(set, ms);
    if (next > left * shrinkingShare) break;
    atMs += ms;
    sentBytes += left;
    left = next;
  }
  return { reachedMs: undefined, leftBytes: left, sentBytes };
}

/** How long this pass takes in all: what was left when it began, over the link. */
function sincePassBegan(view: Outlook): number {
  return ((view.trough?.lastBytes ?? view.remainingBytes) / view.bandwidthBytesPerSecond) * 1000;
}

function followContinuous(
  view: Outlook,
  set: WorkingSet,
  limitBytes: number,
  horizonMs: number,
): Course {
  const perMs = view.bandwidthBytesPerSecond / 1000;
  const setBytes = Math.max(1, set.setBytes);
  const stepMs = Math.max(10, view.passMs / stepsPerPass);
  const shareDirtied = writtenWithin(set, stepMs) / setBytes;
  const shareAtLook = writtenWithin(set, lookMs) / setBytes;
  let unsent = view.unsentBytes;
  let dirty = view.remainingBytes - view.unsentBytes;
  let sentBytes = 0;
  let atMs = 0;
  // What is left, and what a look will add to it.
  const toFit = (): number => unsent + dirty + shareAtLook * cleanOf();
  const cleanOf = (): number => Math.max(0, setBytes * (1 - unsent / view.firstPassBytes) - dirty);
  for (let step = 0; step < mostSteps && atMs <= horizonMs; step += 1) {
    const before = toFit();
    if (before <= limitBytes) return { reachedMs: atMs, leftBytes: unsent + dirty, sentBytes };
    const becomesDirty = shareDirtied * cleanOf();
    // The cursor goes over the rest of the first pass before it comes back to what is dirty again.
    let budget = perMs * stepMs;
    const first = Math.min(unsent, view.sentShare > 0 ? budget / view.sentShare : unsent);
    unsent -= first;
    budget -= first * view.sentShare;
    const again = Math.min(dirty + becomesDirty, budget);
    dirty += becomesDirty - again;
    sentBytes += first * view.sentShare + again;
    // The end of the last step is not a whole step away.
    const after = toFit();
    atMs += after < limitBytes ? ((before - limitBytes) / (before - after)) * stepMs : stepMs;
  }
  return { reachedMs: undefined, leftBytes: unsent + dirty, sentBytes };
}
