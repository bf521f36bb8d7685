import type { Sample } from '../forecast/telemetry.ts';
import type { Decision } from '../steering/decision.ts';
import type { Outcome } from './transition.ts';

/** What became of a migration, and what it cost. */
export interface Conclusion {
  /** `detached`: it goes on without us. */
  readonly outcome: Outcome | 'detached';
  readonly domain: { readonly name: string; readonly uuid: string };
  readonly from: string;
  readonly to: string;
  /** Names of the hosts that run the guest, as both were seen. Empty: none, or not known. */
  readonly runsOn: readonly string[];
  readonly switchedToPostCopy: boolean;
  /** How often post-copy broke, and went on or did not. */
  readonly postCopyBreaks: number;
  /** How long the guest waited, at most, for broken post-copies to go on, ms. */
  readonly stalledMs: number;
  readonly startedWithPostCopy: boolean;
  readonly totalMs: number;
  /** The guest's pause at switch-over; `undefined` where there was none or nothing measured it. */
  readonly blackout: Blackout | undefined;
  readonly sentBytes: number;
}

/** What a migration has shown on its way. */
export interface Story {
  readonly decisions: readonly Decision[];
  /** The whole story, a sentence each, for a person. */
  readonly why: readonly string[];
  readonly telemetry: readonly Sample[];
}

export interface MigrationResult extends Conclusion, Story {}

export interface Blackout {
  readonly ms: number;
  /** `hypervisor`: QEMU's own figure; `events`: between two lifecycle events, on our clock. */
  readonly measuredBy: 'hypervisor' | 'events';
}
