import { keepsAhead } from '../forecast/in-turn.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { bandwidthOf } from '../forecast/pass.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import { formatBytes, formatRate } from '../units/format.ts';
import { type Candidate, harm, openPostCopy, takenBecause } from './candidates.ts';
import type { Expectation } from './decision.ts';
import { postCopyOpen } from './post-copy-open.ts';
import type { Situation } from './situation.ts';
import { linkStory } from './story.ts';
import { usesWritingOrder } from './writing-order.ts';

/**
 * Nobody goes back from it: it has to be better by this. What would come of waiting is guessed too high within the pass, and
 * pets risk more by it.
 */
const worthwhileShares: Readonly<Record<SlaClass, number>> = {
  cattle: 0.95,
  pet: 0.87,
  panda: 0.87,
};

/**
 * Whether it is worth reading the guest's memory to see whether it writes in turn: within the first pass, and until it is
 * seen to write more slowly than the link carries.
 */
export function wantsWritingOrder(
  situation: Pick<Situation, 'slaClass' | 'importance' | 'budget' | 'capabilities' | 'model'>,
): boolean {
  const { budget, capabilities, model } = situation;
  if (!usesWritingOrder(situation) || model.firstPassEndMs !== undefined) return false;
  if (keepsAhead(model.inTurn, bandwidthOf(model))) return false;
  const { memoryReading } = capabilities;
  return memoryReading?.allowed !== false && postCopyOpen(budget, capabilities).allowed;
}

/**
 * A switch to post-copy within the first pass, of a guest that writes in turn, more slowly than the link carries. What it
 * asks for is followed by what it needs next, so that it waits for next to nothing: whatever patience there is, quiet
 * would spare it nothing more. `whole` is what comes of waiting for the end of the pass. One that wrote 60 MiB/s over
 * 112 of 224 MiB was across in 3.4 s with a pause of 96 ms, over 700 Mbit/s and with QEMU 11.1; by pre-copy in 4.6 s
 * with one of 87. `undefined`: it is waited for.
 */
export function switchInTurn(
  situation: Situation,
  view: Outlook,
  whole: Expectation,
): Candidate | undefined {
  const { slaClass, model } = situation;
  if (!usesWritingOrder(situation) || model.firstPassEndMs !== undefined) return undefined;
  if (!keepsAhead(view.inTurn, view.bandwidthBytesPerSecond)) return undefined;
  const postCopy = openPostCopy(situation, view);
  if (postCopy === undefined || !whole.forecast.completes) return undefined;
  return harm(situation, postCopy) < harm(situation, whole) * worthwhileShares[slaClass]
    ? postCopy
    : undefined;
}

/** For a person, where it is taken. */
export function inTurnStory(candidate: Candidate, view: Outlook): string {
  const { inTurn, bandwidthBytesPerSecond, unsentBytes } = view;
  const written = formatRate(inTurn?.rateBytesPerSecond ?? 0);
  return `${linkStory(view)}It writes in turn, at most ${written} by what has changed of its memory, and the link carries ${formatRate(bandwidthBytesPerSecond)}: what it needs next comes before it gets there. The last ${formatBytes(unsentBytes)} of the first pass, and what it writes meanwhile, need not be sent beforehand. ${takenBecause(candidate, view)}`;
}
