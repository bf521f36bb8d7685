import {
  afterFirstPass,
  afterWaiting,
  firstPassLeftMs,
  forecastStay,
  later,
} from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { candidatesOf, endingBy, leastHarmful } from './candidates.ts';
import type { Expectation } from './decision.ts';
import { earlySwitch, earlySwitchAhead } from './early.ts';
import { gentlerThan, isWorthwhile } from './gentler.ts';
import { switchInTurn } from './in-turn.ts';
import { bestPath, type Path } from './paths.ts';
import { patienceLeftMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** The whole rest of the way, by the same rules that will decide on it. */
export function expect(situation: Situation, view: Outlook): Expectation {
  const whole = expectWholePass(situation, view);
  const lookForIt = situation.model.last === undefined ? earlySwitchAhead : earlySwitch;
  const early = switchInTurn(situation, view, whole) ?? lookForIt(situation, view, whole);
  return early === undefined ? whole : endingBy(early);
}

/**
 * Where the first pass goes on to its end: pre-copy with the least harmful pause; when patience is over, the
 * least harmful of what the budget leaves.
 */
export function expectWholePass(situation: Situation, view: Outlook): Expectation {
  if (view.bandwidthBytesPerSecond <= 0) return { ending: 'open', forecast: forecastStay };
  const untilMs = Math.max(0, patienceLeftMs(situation, view), firstPassLeftMs(view));
  // What is about to fit when patience ends is waited for.
  const path = bestPath(situation, view, untilMs + view.passMs);
  const ending = whenPatienceEnds(situation, view, untilMs);
  if (path === undefined) return ending;
  const sooner = postCopyAfterFirstPass(situation, view, path);
  if (sooner !== undefined) return sooner;
  // While there is patience a path is taken; after that, only where nothing is gentler.
  const inTime = path.forecast.timeMs.p50 <= untilMs || !ending.forecast.completes;
  return inTime || !isWorthwhile(situation, ending, path)
    ? { ending: 'switch-over', forecast: path.forecast }
    : ending;
}

/** Where post-copy is gentler than the path that pre-copy will be on then. */
function postCopyAfterFirstPass(
  situation: Situation,
  view: Outlook,
  path: Path,
): Expectation | undefined {
  const { ms, leftBytes, sentBytes } = afterFirstPass(view);
  const then = { ...view, unsentBytes: 0, remainingBytes: leftBytes };
  const rest = later(path.forecast, -ms, -sentBytes);
  const postCopy = gentlerThan(situation, then, rest);
  if (postCopy === undefined) return undefined;
  return endingBy({ ...postCopy, forecast: later(postCopy.forecast, ms, sentBytes) });
}

function whenPatienceEnds(situation: Situation, view: Outlook, ms: number): Expectation {
  const { leftBytes, sentBytes } = afterWaiting(view, ms);
  const then = { ...view, unsentBytes: 0, remainingBytes: leftBytes };
  const best = leastHarmful(situation, candidatesOf(situation, then));
  if (best === undefined) {
    const stays = situation.budget.otherwise === 'stay';
    const timeMs = stays ? { p50: ms, p90: ms } : forecastStay.timeMs;
    const forecast = { ...forecastStay, timeMs, bytes: sentBytes };
    return { ending: stays ? 'stay' : 'open', forecast };
  }
  return endingBy({ ...best, forecast: later(best.forecast, ms, sentBytes) });
}
