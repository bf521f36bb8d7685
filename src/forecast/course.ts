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
  let unsent = view.unsentBytes;
  let dirty = view.remainingBytes - view.unsentBytes;
  let sentBytes = 0;
  let atMs = 0;
  for (let step = 0; step < mostSteps && atMs <= horizonMs; step += 1) {
    const left = unsent + dirty;
    if (left <= limitBytes) return { reachedMs: atMs, leftBytes: left, sentBytes };
    const clean = Math.max(0, setBytes * (1 - unsent / view.firstPassBytes) - dirty);
    const becomesDirty = shareDirtied * clean;
    // The cursor goes over the rest of the first pass before it comes back to what is dirty again.
    let budget = perMs * stepMs;
    const first = Math.min(unsent, view.sentShare > 0 ? budget / view.sentShare : unsent);
    unsent -= first;
    budget -= first * view.sentShare;
    const again = Math.min(dirty + becomesDirty, budget);
    dirty += becomesDirty - again;
    sentBytes += first * view.sentShare + again;
    const before = left - unsent - dirty;
    // The end of the last step is not a whole step away.
    const restMs =
      before > 0 && unsent + dirty < limitBytes ? ((left - limitBytes) / before) * stepMs : stepMs;
    atMs += Math.min(stepMs, restMs);
  }
  return { reachedMs: undefined, leftBytes: unsent + dirty, sentBytes };
}
