import { modelOf } from '../forecast/guest-model.ts';
import { type Outlook, outlookBefore } from '../forecast/outlook.ts';
import type { Prior } from '../forecast/prior.ts';
import type { Budget } from '../policy/budget.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { capabilitiesOnce, chooseCompression } from './compress.ts';
import type { MigrationCapabilities } from './decision.ts';
import { firstDowntimeMs } from './plan-start.ts';
import { type Situation, stateAtStart } from './situation.ts';

/** What is asked and known before the first reading. */
export interface Start {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly deadlineMs: number | undefined;
  readonly capabilities: MigrationCapabilities;
  readonly matrix: Matrix;
  readonly prior: Prior & { readonly bandwidthBytesPerSecond: number };
  readonly memoryBytes: number;
}

/** Where a migration stands when it begins. */
export function beforeStart(start: Start): {
  readonly situation: Situation;
  readonly view: Outlook;
} {
  const { slaClass, importance, deadlineMs, memoryBytes } = start;
  const budget = budgetFor(slaClass, importance, start.matrix);
  const { bandwidthBytesPerSecond } = start.prior;
  const capabilities = capabilitiesBegun(budget, start.capabilities, bandwidthBytesPerSecond);
  const prior = priorWith(start.prior, capabilities);
  const situation = {
    slaClass,
    importance,
    budget,
    capabilities,
    model: modelOf(prior),
    state: stateAtStart(firstDowntimeMs(budget)),
    atMs: 0,
  };
  return {
    situation: deadlineMs === undefined ? situation : { ...situation, deadlineMs },
    view: outlookBefore(prior, memoryBytes),
  };
}

/** What is left of the capabilities when a migration has begun as it does. */
function capabilitiesBegun(
  budget: Budget,
  capabilities: MigrationCapabilities,
  linkBytesPerSecond: number | undefined,
): MigrationCapabilities {
  const choice = chooseCompression(budget, capabilities, linkBytesPerSecond);
  return capabilitiesOnce(capabilities, choice.taken ? choice.compression : undefined);
}

/** A QEMU that looks for dirty pages all the time does so only where it may switch to post-copy. */
export function priorWith<P extends Prior>(prior: P, { postCopy }: MigrationCapabilities): P {
  return postCopy.allowed ? prior : { ...prior, syncing: 'passes' };
}
