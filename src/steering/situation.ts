import type { GuestModel } from '../forecast/guest-model.ts';
import type { Budget } from '../policy/budget.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import type { MigrationCapabilities } from './decision.ts';

/** What has been done to the migration so far. */
export interface SteeringState {
  /** The downtime limit in force, ms, and when it was set. */
  readonly maxDowntimeMs: number;
  readonly maxDowntimeSetAtMs: number;
  /** Whether the stream is held back under the link now, and when that was last changed, ms. */
  readonly paced: boolean;
  readonly pacedSetAtMs: number;
  /** How often the stream has been held back so far, this time included. */
  readonly pacedTimes: number;
  /** Whether what post-copy sends unasked is held back now, and when that was set, ms; 0: never. */
  readonly restHeld: boolean;
  readonly restSetAtMs: number;
}

/** Before anything was done but to allow the first downtime. */
export function stateAtStart(maxDowntimeMs: number): SteeringState {
  return {
    maxDowntimeMs,
    maxDowntimeSetAtMs: 0,
    paced: false,
    pacedSetAtMs: 0,
    pacedTimes: 0,
    restHeld: false,
    restSetAtMs: 0,
  };
}

export interface Situation {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly budget: Budget;
  readonly capabilities: MigrationCapabilities;
  readonly model: GuestModel;
  readonly state: SteeringState;
  /** Now, on the clock of the samples. */
  readonly atMs: number;
  /** When it should be over, on the same clock. */
  readonly deadlineMs?: number;
}
