import type { Forecast } from '../forecast/forecast.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { type Candidate, harm, openPostCopy } from './candidates.ts';
import type { Situation } from './situation.ts';

/** Pre-copy would end as well, and nobody goes back from what ends it now: it has to be gentler by this. */
const worthwhileShare = 0.9;

/** Whether an ending now does so much less harm than the path that pre-copy is on. */
export function isWorthwhile(
  situation: Situation,
  ending: { readonly forecast: Forecast },
  path: { readonly forecast: Forecast },
): boolean {
  return harm(situation, ending) < harm(situation, path) * worthwhileShare;
}

/**
 * Post-copy although pre-copy would end in time: where little is left and it is written again as fast as it is
 * sent, fetching it takes less time, and a shorter pause, than waiting until it fits one.
 */
export function gentlerThan(
  situation: Situation,
  view: Outlook,
  forecast: Forecast,
): Candidate | undefined {
  const postCopy = openPostCopy(situation, view);
  if (postCopy === undefined) return undefined;
  return isWorthwhile(situation, postCopy, { forecast }) ? postCopy : undefined;
}
