import type { Forecast } from '../forecast/forecast.ts';
import type { GuestModel, Outlook } from '../forecast/model.ts';
import { forecastStay, forecastWait } from '../forecast/options.ts';
import type { Budget } from '../policy/budget.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import { formatBytes, formatRate } from '../units/format.ts';
import type { Action, Alternative, Decision, MigrationCapabilities } from './decision.ts';

/** What has been done to the migration so far. */
export interface SteeringState {
  /** The downtime limit in force, ms, and when it was set. */
  readonly maxDowntimeMs: number;
  readonly maxDowntimeSetAtMs: number;
  /** Whether the stream is held back under the link now. */
  readonly paced: boolean;
  /** Whether the stream has been held back before: that is tried once. */
  readonly pacedBefore: boolean;
}

export interface Situation {
  readonly slaClass: SlaClass;
  readonly budget: Budget;
  readonly capabilities: MigrationCapabilities;
  readonly model: GuestModel;
  readonly state: SteeringState;
  /** Now, on the clock of the samples. */
  readonly atMs: number;
  /** When it should be over, on the same clock. */
  readonly deadlineMs?: number;
}

/** How much longer to stay gentle, ms; a deadline ends it. */
export function patienceLeftMs(situation: Situation, view: Outlook): number {
  const { budget, model, atMs, deadlineMs } = situation;
  const until = (model.firstPassEndMs ?? atMs) + budget.patiencePasses * view.passMs;
  // What is left must still be sent once more, with time to spare, before the deadline.
  const latest = deadlineMs === undefined ? Infinity : deadlineMs - 2 * view.passMs;
  return Math.min(until, latest) - atMs;
}

/** What the guest and the link do, for a person. */
export function story(view: Outlook): string {
  const least = formatBytes(view.trough?.leastBytes ?? view.remainingBytes);
  return `After a whole pass ${least} or more is always left to send, because the guest keeps writing, and the link carries ${formatRate(view.bandwidthBytesPerSecond)}.`;
}

/** To leave everything as it is, and why. */
export function wait(situation: Situation, view: Outlook | undefined, why: string): Decision {
  const forecast =
    view === undefined
      ? forecastStay
      : forecastWait(view, situation.state.maxDowntimeMs, situation.state.paced);
  return decision(situation, { kind: 'wait' }, why, forecast, []);
}

export function decision(
  situation: Situation,
  action: Action,
  why: string,
  forecast: Forecast,
  alternatives: readonly Alternative[],
): Decision {
  return { atMs: situation.atMs, action, why, forecast, alternatives };
}
