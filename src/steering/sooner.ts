import type { Forecast } from '../forecast/forecast.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { formatDuration } from '../units/format.ts';
import { type Candidate, candidatesOf, endingBy, harm } from './candidates.ts';
import { decision } from './decide.ts';
import type { Decision } from './decision.ts';
import type { Path } from './paths.ts';
import type { Situation } from './situation.ts';
import { goodMoment } from './use-budget.ts';

/** Pre-copy would end as well, and nobody goes back from what ends it now: it has to be gentler by this. */
const worthwhileShare = 0.8;

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
  const postCopy = candidatesOf(situation, view).find(
    ({ action }) => action.kind === 'start-post-copy',
  );
  if (postCopy === undefined || !postCopy.permission.allowed || !postCopy.forecast.completes)
    return undefined;
  return isWorthwhile(situation, postCopy, { forecast }) ? postCopy : undefined;
}

export function switchSooner(
  situation: Situation,
  view: Outlook,
  path: Path,
): Decision | undefined {
  const postCopy = gentlerThan(situation, view, path.forecast);
  if (postCopy === undefined || isAboutToFit(situation, view) || !goodMoment(situation, view))
    return undefined;
  const { timeMs, blackoutMs } = path.forecast;
  const why = `Pre-copy would end in some ${formatDuration(timeMs.p50)} with a pause of some ${formatDuration(blackoutMs.p50)}; post-copy is gentler. ${postCopy.why}`;
  return decision(situation, postCopy.action, why, endingBy(postCopy), []);
}

/** What is left fits the pause that is allowed by now: QEMU stops the guest as soon as it looks. */
function isAboutToFit({ state }: Situation, view: Outlook): boolean {
  return view.remainingBytes <= (view.bandwidthBytesPerSecond * state.maxDowntimeMs) / 1000;
}
