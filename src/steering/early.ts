import { firstPassLeftMs, later } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { idle, writtenWithin } from '../forecast/working-set.ts';
import { type Candidate, candidatesOf, harm } from './candidates.ts';
import type { Expectation } from './decision.ts';
import { patienceLeftMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** So much of the first pass has to be over: before, too little is seen of what the guest writes. */
const tellingShare = 0.12;
/** Of what was sent at least so much is dirty again: less leaves the pass worth its time. */
const againShare = 0.3;
/** Little was seen, and nobody goes back from it: where it may end otherwise, it has to be better by this. */
const worthwhileShare = 0.85;

/**
 * A switch to post-copy within the first pass. What a guest writes has to be fetched then or later, and it waits
 * for that alone: so where it will not be let fit anyhow, the rest of the pass only takes time. `whole` is what
 * comes of waiting for the end of the pass. `undefined`: it is waited for.
 */
export function earlySwitch(
  situation: Situation,
  view: Outlook,
  whole: Expectation,
): Candidate | undefined {
  if (situation.model.firstPassEndMs !== undefined || hasPatience(situation, view))
    return undefined;
  const sentBytes = view.firstPassBytes - view.unsentBytes;
  const againBytes = view.remainingBytes - view.unsentBytes;
  if (sentBytes < view.firstPassBytes * tellingShare || againBytes < sentBytes * againShare)
    return undefined;
  const postCopy = candidatesOf(situation, view).find(
    ({ action }) => action.kind === 'start-post-copy',
  );
  if (postCopy === undefined || !postCopy.permission.allowed || !whole.forecast.completes)
    return undefined;
  const share = whole.ending === 'post-copy' ? 1 : worthwhileShare;
  return harm(situation, postCopy) < harm(situation, whole) * share ? postCopy : undefined;
}

/** It may be waited for beyond the first pass: the guest may fall quiet by then. */
function hasPatience(situation: Situation, view: Outlook): boolean {
  return patienceLeftMs(situation, view) > firstPassLeftMs(view) + 1;
}

/** The same of a migration that has not begun: what is expected to be decided soon after its start. */
export function earlySwitchAhead(
  situation: Situation,
  view: Outlook,
  whole: Expectation,
): Candidate | undefined {
  const { firstPassBytes, passMs, bandwidthBytesPerSecond } = view;
  const set = view.workingSet ?? idle;
  const goneMs = passMs * tellingShare;
  const gone = firstPassBytes * tellingShare;
  const againBytes = Math.min(
    writtenWithin(set, goneMs),
    gone * Math.min(1, set.setBytes / firstPassBytes),
  );
  const unsentBytes = firstPassBytes - gone;
  const then = { ...view, unsentBytes, remainingBytes: unsentBytes + againBytes };
  const rest = { ...whole, forecast: later(whole.forecast, -goneMs, 0) };
  const early = earlySwitch(situation, then, rest);
  if (early === undefined) return undefined;
  const sentBytes = (bandwidthBytesPerSecond * goneMs) / 1000;
  return { ...early, forecast: later(early.forecast, goneMs, sentBytes) };
}
