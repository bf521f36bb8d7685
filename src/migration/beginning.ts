import type { Ways } from '../hypervisor/port.ts';
import type { Recording } from '../recording/recording.ts';
import type { Permission } from '../steering/decision.ts';
import type { StartPlan } from '../steering/plan-start.ts';

/** A migration as it begins: what was asked and what was known. */
export type Head = Omit<Recording, 'id' | 'startedAt' | 'samples' | 'decisions' | 'why' | 'end'>;

/** All that whoever takes a migration over needs of its beginning. */
export interface Beginning {
  readonly head: Head;
  readonly plan: StartPlan;
  /** How the source host reaches the destination. */
  readonly ways: Ways;
  readonly persistent: boolean;
  /** Which of the domain's starts at the source is to move; `undefined`: not known. */
  readonly startNumber: number | undefined;
  readonly postCopyRecovery: Permission;
  /** The limits of the domain before, to be put back. */
  readonly former: FormerLimits;
}

export interface FormerLimits {
  readonly downtimeMs: number;
  /** Infinity: none. */
  readonly speedBytesPerSecond: number;
}
