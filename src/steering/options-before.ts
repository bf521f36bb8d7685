import type { Forecast } from '../forecast/forecast.ts';
import {
  afterWaiting,
  firstPassLeftMs,
  forecastPreCopy,
  forecastStay,
  later,
  switchOverMs,
  withSlowCourse,
} from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { candidatesOf } from './candidates.ts';
import type { Permission } from './decision.ts';
import { limitWithinMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** One way to do it from the start, alone; the steering takes them in turn. */
export interface OpenOption {
  readonly option: 'pre-copy' | 'throttle' | 'post-copy' | 'freeze' | 'stay';
  readonly permission: Permission;
  readonly forecast: Forecast;
}

/** Pre-copy that does not fit within so many passes never does. */
const hopelessPasses = 30;

/** What each option would cost if it were taken, each as soon as all memory was sent once. */
export function optionsBefore(situation: Situation, view: Outlook): readonly OpenOption[] {
  const firstPassMs = firstPassLeftMs(view);
  const { leftBytes, sentBytes } = afterWaiting(view, firstPassMs);
  const then = { ...view, unsentBytes: 0, remainingBytes: leftBytes };
  const endings = candidatesOf(situation, then).map(
    ({ action, permission, forecast }): OpenOption => ({
      option: action.kind === 'freeze' ? 'freeze' : 'post-copy',
      permission,
      forecast: later(forecast, firstPassMs, sentBytes),
    }),
  );
  return [
    { option: 'pre-copy', permission: { allowed: true }, forecast: wholePause(situation, view) },
    throttled(situation, view),
    ...endings,
    stay(situation),
  ];
}

function wholePause(situation: Situation, view: Outlook): Forecast {
  const besidesMs = switchOverMs(view, true);
  const limitMs = limitWithinMs({ ...situation, state: { ...situation.state, paced: true } }, view);
  const terms = { limitMs, besidesMs, horizonMs: hopelessPasses * view.passMs };
  return withSlowCourse(forecastPreCopy(view, terms), view, terms);
}

/** The guest slowed as far as its budget allows, if it is one that a throttle slows. */
function throttled(situation: Situation, view: Outlook): OpenOption {
  const { slowdownShare } = situation.budget;
  const { workingSet } = view;
  const slower =
    workingSet === undefined
      ? view
      : {
          ...view,
          workingSet: {
            ...workingSet,
            rateBytesPerSecond: workingSet.rateBytesPerSecond * (1 - slowdownShare),
          },
        };
  const forecast = wholePause(situation, slower);
  return {
    option: 'throttle',
    permission: throttleAllowed(situation),
    forecast: { ...forecast, slowdownShare, slowdownMs: forecast.timeMs.p50 },
  };
}

function throttleAllowed({ budget, capabilities }: Situation): Permission {
  if (!capabilities.autoConverge.allowed) return capabilities.autoConverge;
  if (budget.slowdownShare > 0) return { allowed: true };
  return { allowed: false, because: 'the budget forbids slowing it down' };
}

function stay({ budget }: Situation): OpenOption {
  const permission: Permission =
    budget.otherwise === 'stay' ? { allowed: true } : { allowed: false, because: 'it must arrive' };
  return { option: 'stay', permission, forecast: { ...forecastStay, timeMs: { p50: 0, p90: 0 } } };
}
