import { firstPassLeftMs, later } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { idle, type WorkingSet, writtenWithin } from '../forecast/working-set.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import { type Candidate, harm, openPostCopy } from './candidates.ts';
import type { Expectation } from './decision.ts';
import { patienceLeftMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** So much of the first pass has to be over, 0 to 1: before, too little is seen of what the guest writes. */
const tellingShare = 0.12;
/** Of what was sent at least so much is dirty again: less leaves the pass worth its time; 0 to 1. */
const againShare = 0.3;
/**
 * What the guest writes has to be so many times what the link carries. Within the pass it is taken for up to 1.35 times
 * what it is, where it writes on what was sent first: one that wrote 0.7 of 1 Gbit/s was switched with 585 ms of lost
 * work, 1.03 s before pre-copy was across with a pause of 69. Who does write as much does not fit after the pass either.
 */
const outrunTimes = 1.35;
/** Little was seen, and nobody goes back from it: where it may end otherwise, it has to be better by this. */
const worthwhileShare = 0.85;
/**
 * Where there is a deadline that only this meets, or comes nearer to, it may do so much more harm, by class: early in a
 * pass little is known of what a guest will miss, and a panda is not hurt more on a guess.
 */
const lateShares: Readonly<Record<SlaClass, number>> = { cattle: 1.5, pet: 1.5, panda: 1 };

/**
 * A switch to post-copy within the first pass. What a guest writes has to be fetched then or later, and it waits
 * for that alone: so where it will not be let fit anyhow, the rest of the pass only takes time. `whole` is what
 * comes of waiting for the end of the pass. `undefined`: it is waited for. One that writes in turn is switched sooner where
 * the link keeps ahead of it (`switchInTurn`), and else not within the pass: it waits for each page until what is sent
 * comes to where it is. One that wrote 1.1 times what 150 Mbit/s carry lost 8.6 s of its work so, and 0.2 s after the pass.
 */
export function earlySwitch(
  situation: Situation,
  view: Outlook,
  whole: Expectation,
): Candidate | undefined {
  if (situation.model.firstPassEndMs !== undefined || hasPatience(situation, view))
    return undefined;
  if (view.inTurn !== undefined) return undefined;
  const sentBytes = view.firstPassBytes - view.unsentBytes;
  const againBytes = view.remainingBytes - view.unsentBytes;
  if (sentBytes < view.firstPassBytes * tellingShare) return undefined;
  if (!isWritingMuch({ sentBytes, againBytes })) return undefined;
  const postCopy = openPostCopy(situation, view);
  if (postCopy === undefined || !whole.forecast.completes) return undefined;
  const share = shareOf(situation, view, { whole, early: postCopy });
  return harm(situation, postCopy) < harm(situation, whole) * share ? postCopy : undefined;
}

/** How much of the harm of waiting for the end of the pass it may do, 1: as much; 0: none will do. */
function shareOf(
  { slaClass, atMs, deadlineMs = Infinity }: Situation,
  view: Outlook,
  { whole, early }: { readonly whole: Expectation; readonly early: Candidate },
): number {
  const { p50: endsInMs } = whole.forecast.timeMs;
  if (atMs + endsInMs > deadlineMs && early.forecast.timeMs.p50 < endsInMs)
    return lateShares[slaClass];
  if (!isOutrunning(view)) return 0;
  return whole.ending === 'post-copy' ? 1 : worthwhileShare;
}

function isOutrunning({ workingSet = idle, bandwidthBytesPerSecond }: Outlook): boolean {
  return workingSet.rateBytesPerSecond >= bandwidthBytesPerSecond * outrunTimes;
}

/** It may be waited for beyond the first pass: the guest may fall quiet by then. */
function hasPatience(situation: Situation, view: Outlook): boolean {
  return patienceLeftMs(situation, view) > firstPassLeftMs(view) + 1;
}

/** Of a first pass under way: what was sent, and what of that is written again. */
interface Told {
  readonly sentBytes: number;
  readonly againBytes: number;
}

export function isWritingMuch({ sentBytes, againBytes }: Told): boolean {
  return againBytes >= sentBytes * againShare;
}

/** What the first pass of `firstPassBytes` will have told of a guest when enough of it is over. */
export function firstTold(
  firstPassBytes: number,
  passMs: number,
  set: WorkingSet,
): Told & { readonly goneMs: number } {
  const goneMs = passMs * tellingShare;
  const sentBytes = firstPassBytes * tellingShare;
  const sentOfSet = sentBytes * Math.min(1, set.setBytes / firstPassBytes);
  return { goneMs, sentBytes, againBytes: Math.min(writtenWithin(set, goneMs), sentOfSet) };
}

/** The same of a migration that has not begun: what is expected to be decided soon after its start. */
export function earlySwitchAhead(
  situation: Situation,
  view: Outlook,
  whole: Expectation,
): Candidate | undefined {
  const { firstPassBytes, passMs, bandwidthBytesPerSecond } = view;
  const told = firstTold(firstPassBytes, passMs, view.workingSet ?? idle);
  const unsentBytes = firstPassBytes - told.sentBytes;
  const then = { ...view, unsentBytes, remainingBytes: unsentBytes + told.againBytes };
  const rest = { ...whole, forecast: later(whole.forecast, -told.goneMs, 0) };
  const early = earlySwitch(situation, then, rest);
  if (early === undefined) return undefined;
  const carriedBytes = (bandwidthBytesPerSecond * told.goneMs) / 1000;
  return { ...early, forecast: later(early.forecast, told.goneMs, carriedBytes) };
}
