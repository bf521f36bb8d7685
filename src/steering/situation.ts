import type { GuestModel, Outlook } from '../forecast/model.ts';
import { forecastStay } from '../forecast/options.ts';
import type { Budget } from '../policy/budget.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import type {
  Action,
  Alternative,
  Decision,
  Expectation,
  MigrationCapabilities,
} from './decision.ts';
import { expect } from './expect.ts';

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

/** What the guest and the link do, for a person. */
export function story(view: Outlook): string {
  const least = formatBytes(view.trough?.leastBytes ?? view.remainingBytes);
  return `${linkStory(view)}After a whole pass ${least} or more is always left to send, because the guest ${writing(view)}, and the link carries ${formatRate(view.bandwidthBytesPerSecond)}.`;
}

function writing({ workingSet, rhythm }: Outlook): string {
  if (rhythm !== undefined)
    return `writes for ${formatDuration(rhythm.burstMs)} and rests for ${formatDuration(rhythm.quietMs)}`;
  if (workingSet === undefined || workingSet.rateBytesPerSecond <= 0) return 'keeps writing';
  const { rateBytesPerSecond, setBytes } = workingSet;
  return `writes some ${formatRate(rateBytesPerSecond)} over a working set of ${formatBytes(setBytes)}`;
}

/** That the link has become another one, where it has. */
export function linkStory({ linkChange }: Outlook): string {
  if (linkChange === undefined) return '';
  const { atMs, beforeBytesPerSecond, afterBytesPerSecond } = linkChange;
  const verb = afterBytesPerSecond < beforeBytesPerSecond ? 'fell' : 'rose';
  const percent = Math.round((afterBytesPerSecond / beforeBytesPerSecond) * 100);
  return `At ${formatDuration(atMs)} the link ${verb} from ${formatRate(beforeBytesPerSecond)} to ${formatRate(afterBytesPerSecond)}, ${percent} % of what it was. `;
}

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
