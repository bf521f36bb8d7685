import { keepsAhead } from '../forecast/in-turn.ts';
import { firstPassLeftMs, switchOverMs } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { nextQuietMs } from '../forecast/rhythm.ts';
import type { Situation } from './situation.ts';
import { usesWritingOrder } from './writing-order.ts';

/** How much longer to stay gentle, ms; a deadline ends it. */
export function patienceLeftMs(situation: Situation, view: Outlook): number {
  const { budget, model, atMs, deadlineMs } = situation;
  const firstPassEndMs = model.firstPassEndMs ?? atMs + firstPassLeftMs(view);
  const until = firstPassEndMs + patienceInAllMs(situation, view);
  const latest = lastMomentMs(deadlineMs, view);
  return Math.min(budget.patiencePasses === 0 ? firstPassEndMs : until, latest) - atMs;
}

/** What is left must still be sent once more, with time to spare, before the deadline. */
export function lastMomentMs(deadlineMs: number | undefined, view: Outlook): number {
  return deadlineMs === undefined ? Infinity : deadlineMs - 2 * view.passMs;
}

/** What should be about to fit is waited for by so many passes over all memory after its deadline has ended patience. */
const overduePasses = 0.25;
/** ... and by so many after patience has ended by itself: what is foreseen to fit from one moment to the next may never. */
const endlessPasses = 3;

/** It was to be ended by now, though every moment may seem the one before it fits. */
export function isOverdue(situation: Situation, view: Outlook): boolean {
  const sinceMs = sinceFirstPassMs(situation);
  const lateMs = Math.min(sinceMs, situation.atMs - lastMomentMs(situation.deadlineMs, view));
  return (
    lateMs > overduePasses * view.passMs ||
    sinceMs - patienceInAllMs(situation, view) > endlessPasses * view.passMs
  );
}

/** How long ago all memory had been sent once, ms: 0 until then. */
export function sinceFirstPassMs({ model, atMs }: Situation): number {
  return atMs - (model.firstPassEndMs ?? atMs);
}

/** A guest that writes now much and now little may well fall quiet: it is waited for longer. */
const unsteadyTimes = 2;

/**
 * It writes in turn, and no more slowly than the link carries: then what is left makes waves that fit no pause, and post-copy
 * costs it little. One that wrote 1.3 times what 700 Mbit/s carry, cattle of medium importance, was waited for through two
 * passes, as it seemed unsteady, and was across after 9.8 to 15 s; by post-copy after the first pass in 4.8.
 */
function outrunsInTurn({ inTurn, bandwidthBytesPerSecond }: Outlook): boolean {
  return inTurn !== undefined && !keepsAhead(inTurn, bandwidthBytesPerSecond);
}

/**
 * The gentle time after the first pass, ms. Of those that outrun the link in turn, cattle have none, and pets are not
 * waited for twice as long, however unsteady they seem: where they rest between bursts they do so within the once.
 */
export function patienceInAllMs(situation: Situation, view: Outlook): number {
  const { budget, slaClass } = situation;
  const onceMs = budget.patiencePasses * view.passMs;
  if (usesWritingOrder(situation) && outrunsInTurn(view)) return slaClass === 'cattle' ? 0 : onceMs;
  return onceMs * (view.unsteady ? unsteadyTimes : 1);
}

/**
 * What comes on top of memory is longer by so much, nine times of ten, ms: 41 to 62 over 1,000 Mbit/s, where 39 are
 * expected. A limit of 261 made pauses of 296 and 318 where 300 were allowed.
 */
const besidesSpreadMs = 20;

/** The downtime limit whose pause, with all that comes on top, keeps to the budget, ms. */
export function limitWithinMs({ budget, state }: Situation, view: Outlook): number {
  return Math.max(1, budget.blackoutMs - switchOverMs(view, state.paced) - besidesSpreadMs);
}

/**
 * After so long at a limit that should have been met only larger ones are thought of, ms, and after one pass at most. What is foreseen
 * to fit within the next second may be a wave that never does, and the next larger limit is a pause of 13 ms more, which nobody
 * feels: a guest that wrote 26 MiB/s over 59 MiB, 250 Mbit/s, was across in 9.7 to 10.2 s where it was a pass, and in 9.1.
 */
const doubtedMs = 200;

/** Whether the limit in force has been so for too long to believe that it will be met soon. */
export function limitDoubted(situation: Situation, view: Outlook): boolean {
  if (limitDisproved(situation, view)) return true;
  // Where QEMU looks only at the end of a pass, it has to have looked.
  return view.syncing === 'continuous' && limitInVainMs(situation) > doubtedMs;
}

/** After this many passes at a limit that should have been met, it counts as out of reach. */
const disprovedPasses = 1;

/** Whether the limit in force has been so for too long to believe that it will ever be met. */
export function limitDisproved(situation: Situation, view: Outlook): boolean {
  return limitInVainMs(situation) > disprovedPasses * view.passMs;
}

function limitInVainMs(situation: Situation): number {
  const inForceMs = situation.atMs - situation.state.maxDowntimeSetAtMs;
  return Math.min(inForceMs, sinceFirstPassMs(situation));
}

/**
 * Time until a guest that writes in bursts has been quiet for long enough to fit the limit, ms;
 * `undefined` where it has no such rhythm, or its quiet is too short, or comes too late: patience
 * may be doubled for it, no more.
 */
export function quietFitsInMs(
  situation: Situation,
  view: Outlook,
  limitMs: number,
): number | undefined {
  const { rhythm, bandwidthBytesPerSecond, remainingBytes, workingSet } = view;
  if (rhythm === undefined || bandwidthBytesPerSecond <= 0) return undefined;
  const limitBytes = (limitMs * bandwidthBytesPerSecond) / 1000;
  const startsMs = nextQuietMs(rhythm, situation.atMs);
  // A burst that goes on may fill the working set meanwhile.
  const atStart =
    rhythm.now === 'quiet' ? remainingBytes : Math.max(remainingBytes, workingSet?.setBytes ?? 0);
  const drainMs = (Math.max(0, atStart - limitBytes) / bandwidthBytesPerSecond) * 1000;
  const endsMs = (rhythm.now === 'quiet' ? rhythm.sinceMs : startsMs) + rhythm.quietMs;
  if (startsMs + drainMs > endsMs) return undefined;
  const waitMs = startsMs + drainMs - situation.atMs;
  return waitMs <= patienceInAllMs(situation, view) + patienceLeftMs(situation, view)
    ? waitMs
    : undefined;
}
