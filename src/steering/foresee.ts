import { type Prior, usualLinkBytesPerSecond } from '../forecast/prior.ts';
import type { WorkingSet } from '../forecast/working-set.ts';
import type { Budget } from '../policy/budget.ts';
import type { Matrix } from '../policy/matrix.ts';
import { beforeStart } from './before-start.ts';
import type { Expectation, MigrationCapabilities } from './decision.ts';
import { expect } from './expect.ts';
import { type OpenOption, optionsBefore } from './options-before.ts';
import type { Intent } from './steersman.ts';

/** What a migration is expected to be like, before it begins. */
export interface Foresight {
  /** What is assumed of the way, bytes/s. */
  readonly bandwidthBytesPerSecond: number;
  /** Whether nothing at all was known of the way, and this is only a guess. */
  readonly bandwidthGuessed: boolean;
  readonly touchedBytes: number;
  readonly workingSet: WorkingSet | undefined;
  readonly budget: Budget;
  /** How it will end, steered by its budget. */
  readonly expected: Expectation;
  /** What each option would cost by itself, allowed or not. */
  readonly options: readonly OpenOption[];
}

/** A pure function of what is known. */
export function foresee(all: {
  readonly intent: Intent;
  readonly capabilities: MigrationCapabilities;
  readonly matrix: Matrix;
  readonly prior: Prior;
  readonly memoryBytes: number;
}): Foresight {
  const { prior, memoryBytes } = all;
  const bandwidthGuessed = prior.bandwidthBytesPerSecond === undefined;
  const bandwidthBytesPerSecond = prior.bandwidthBytesPerSecond ?? usualLinkBytesPerSecond;
  const { situation, view } = beforeStart({
    ...all,
    ...all.intent,
    prior: { ...prior, bandwidthBytesPerSecond },
  });
  return {
    bandwidthBytesPerSecond,
    bandwidthGuessed,
    touchedBytes: prior.touchedBytes ?? memoryBytes,
    workingSet: view.workingSet,
    budget: situation.budget,
    expected: expect(situation, view),
    options: optionsBefore(situation, view),
  };
}
