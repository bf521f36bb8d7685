import type { Outlook } from '../forecast/outlook.ts';
import { formatDuration } from '../units/format.ts';
import { endingBy } from './candidates.ts';
import { decision } from './decide.ts';
import type { Decision } from './decision.ts';
import { gentlerThan } from './gentler.ts';
import { isGoodMoment } from './moment.ts';
import type { Path } from './paths.ts';
import type { Situation } from './situation.ts';

/** Post-copy at a good moment, where that is gentler than the path that pre-copy is on. */
export function switchSooner(
  situation: Situation,
  view: Outlook,
  path: Path,
): Decision | undefined {
  const postCopy = gentlerThan(situation, view, path.forecast);
  if (postCopy === undefined || isAboutToFit(situation, view) || !isGoodMoment(situation, view))
    return undefined;
  const { timeMs, blackoutMs } = path.forecast;
  const why = `Pre-copy would end in some ${formatDuration(timeMs.p50)} with a pause of some ${formatDuration(blackoutMs.p50)}; post-copy is gentler. ${postCopy.why}`;
  return decision(situation, postCopy.action, why, endingBy(postCopy), []);
}

/** What is left fits the pause that is allowed by now: QEMU stops the guest as soon as it looks. */
function isAboutToFit({ state }: Situation, view: Outlook): boolean {
  return view.remainingBytes <= (view.bandwidthBytesPerSecond * state.maxDowntimeMs) / 1000;
}
