import { forecastStay } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import type { Action, Alternative, Decision, Expectation } from './decision.ts';
import { expect } from './expect.ts';
import type { Situation } from './situation.ts';

/** To leave everything as it is, and why. */
export function wait(situation: Situation, view: Outlook | undefined, why: string): Decision {
  const expected: Expectation =
    view === undefined ? { ending: 'open', forecast: forecastStay } : expect(situation, view);
  return decision(situation, { kind: 'wait' }, why, expected, []);
}

export function decision(
  situation: Situation,
  action: Action,
  why: string,
  { ending, forecast }: Expectation,
  alternatives: readonly Alternative[],
): Decision {
  return { atMs: situation.atMs, action, why, ending, forecast, alternatives };
}
