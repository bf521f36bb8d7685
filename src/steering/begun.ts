import { modelOf } from '../forecast/guest-model.ts';
import { type Outlook, outlookBefore } from '../forecast/outlook.ts';
import type { Prior } from '../forecast/prior.ts';
import type { Budget } from '../policy/budget.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { type Compression, capabilitiesOnce } from './compress.ts';
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
  readonly prior: Prior;
  readonly memoryBytes: number;
}

/** How it begins, as far as it matters for where that leads. */
export interface Manner {
  readonly compression: Compression | undefined;
  /** What goes over the wire, bytes/s. */
  readonly linkBytesPerSecond: number;
  /** Bytes of memory for each of those; 1 where it is not compressed, or nobody knows what becomes of it. */
  readonly ratio: number;
}

export interface Begun {
  readonly situation: Situation;
  readonly view: Outlook;
}

export function budgetOf({ slaClass, importance, matrix }: Start): Budget {
  return budgetFor(slaClass, importance, matrix);
}

/** Where a migration stands when it begins in this way. */
export function begun(start: Start, manner: Manner): Begun {
  const { slaClass, importance, deadlineMs, memoryBytes } = start;
  const { linkBytesPerSecond, ratio } = manner;
  const budget = budgetOf(start);
  const capabilities = capabilitiesOnce(start.capabilities, manner.compression);
  const bandwidthBytesPerSecond = linkBytesPerSecond * ratio;
  const prior = priorWith({ ...start.prior, bandwidthBytesPerSecond }, capabilities);
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
    view: outlookBefore(prior, memoryBytes, ratio),
  };
}

/** A QEMU that looks for dirty pages all the time does so only where it may switch to post-copy. */
export function priorWith<P extends Prior>(prior: P, { postCopy }: MigrationCapabilities): P {
  return postCopy.allowed ? prior : { ...prior, syncing: 'passes' };
}
