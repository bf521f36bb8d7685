import type { Outlook } from '../forecast/outlook.ts';
import { formatDuration } from '../units/format.ts';
import { endingBy, fittingBytes, takenBecause } from './candidates.ts';
import { decision, wait } from './decide.ts';
import type { Decision } from './decision.ts';
import { gentlerThan } from './gentler.ts';
import { isGoodMoment, momentText } from './moment.ts';
import type { Path } from './paths.ts';
import type { Situation } from './situation.ts';

/**
 * Post-copy, where that is gentler than the path that pre-copy is on; it waits for its moment, and nothing is
 * allowed meanwhile that would end it in another way.
 */
export function switchSooner(
  situation: Situation,
  view: Outlook,
  path: Path,
): Decision | undefined {
  const postCopy = gentlerThan(situation, view, path.forecast);
  if (postCopy === undefined || isAboutToFit(situation, view)) return undefined;
  const { timeMs, blackoutMs } = path.forecast;
  const gentler = `Pre-copy would end in some ${formatDuration(timeMs.p50)} with a pause of some ${formatDuration(blackoutMs.p50)}; post-copy is gentler.`;
  if (!isGoodMoment(situation, view, postCopy))
    return wait(situation, view, `${gentler} It waits for ${momentText(view, postCopy)}.`);
  const why = `${gentler} ${takenBecause(postCopy, view)}`;
  return decision(situation, postCopy.action, why, endingBy(postCopy), []);
}

/** QEMU stops the guest as soon as it looks. */
function isAboutToFit(situation: Situation, view: Outlook): boolean {
  return view.remainingBytes <= fittingBytes(situation, view);
}
