import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import type { Ending } from '../steering/decision.ts';

/** What several migrations together are for. */
export const operationKinds = ['drain', 'restore', 'balance', 'defrag'] as const;
export type OperationKind = (typeof operationKinds)[number];

/**
 * `cancelling`: nothing more is begun, and what is under way comes to its end. `completed`: all that was
 * wanted is so, and was seen to be. `incomplete`: it ended, and some of it is not.
 */
export const operationStates = [
  'running',
  'paused',
  'cancelling',
  'completed',
  'incomplete',
  'cancelled',
] as const;
export type OperationState = (typeof operationStates)[number];

export const liveOperationStates = ['running', 'paused', 'cancelling'] as const;

export function isLiveOperation(state: OperationState): boolean {
  return liveOperationStates.some((live) => live === state);
}

/** What an operation is to reach, beside the host and the deadline. */
export interface Aims {
  /** The only hosts to go to; everywhere where it is not given. */
  readonly to?: readonly string[];
  /** Where certain VMs are to be: host by UUID. */
  readonly targets?: Readonly<Record<string, string>>;
  /** What a person wants of single VMs, by UUID. */
  readonly vms?: Readonly<Record<string, VmWish>>;
}

export interface VmWish {
  readonly importance?: Importance;
  /** It is left where it is. */
  readonly leave?: boolean;
}

/** Where a VM of an operation is on its way. */
export const partStates = [
  'waiting',
  'moving',
  'moved',
  /** It is where it was, and is not tried again by itself, or not now. */
  'stays',
  /** It was stopped, or somebody else moved it. */
  'gone',
  /** No host says where it is. */
  'unknown',
  'lost',
] as const;
export type PartState = (typeof partStates)[number];

/** One VM of an operation. Times are ms since 1970. */
export interface Part {
  readonly uuid: string;
  readonly vm: string;
  readonly slaClass: SlaClass;
  readonly memoryBytes: number;
  readonly from: string;
  readonly state: PartState;
  /** Where it goes or went. */
  readonly to: string | undefined;
  /** Its latest migration. */
  readonly migrationId: string | undefined;
  /** How many migrations it has had. */
  readonly tries: number;
  /** How much of its own way is done, 0 to 1; it never falls. */
  readonly share: number;
  /** Why it goes where it goes, or what is in its way. */
  readonly why: string;
  /** When it may be tried again. */
  readonly againAt: number | undefined;
  readonly startedAt: number | undefined;
  /** From here on there was no way back to its source; `undefined`: there is, or was to its end. */
  readonly noReturnAt?: number | undefined;
  readonly endedAt: number | undefined;
  /** As the migration measured it, ms. */
  readonly blackoutMs: number | undefined;
  /** As it was planned first by what all were seen to write, and as it is planned now. */
  readonly planned: PlannedPart | undefined;
  readonly expected: PlannedPart | undefined;
}

export interface PlannedPart {
  readonly to: string;
  readonly startAt: number;
  readonly endAt: Span;
  readonly bytes: number;
  /** `undefined`: it is not expected to arrive. */
  readonly blackoutMs: Span | undefined;
  readonly ending: Ending;
}

/** Half of the outcomes are at or under p50, nine of ten at or under p90. */
export interface Span {
  readonly p50: number;
  readonly p90: number;
}

/** What an operation has come to. */
export interface Report {
  readonly at: number;
  /** How much it matters by now: raised where the deadline asks for it. */
  readonly importance: Importance;
  readonly parts: readonly Part[];
  readonly plannedAt: number | undefined;
  /** How the schedule was made, in words. */
  readonly schedule: string;
  /** When the last one arrives; `undefined`: nothing is under way or planned. */
  readonly eta: Span | undefined;
  /** As it was planned first by what all were seen to write. */
  readonly firstEta: Span | undefined;
  /** No schedule of what is left takes less, ms. */
  readonly boundMs: number;
  /** How much of the memory has arrived, 0 to 1; it never falls. */
  readonly share: number;
  readonly totalBytes: number;
  /** VMs that arrive after the deadline, by the p50. */
  readonly late: readonly string[];
  /** Hosts that did not answer. */
  readonly silent: readonly string[];
  /** What is assumed, and not known. */
  readonly assumed: readonly string[];
  /** Since when nothing can be done, while something is left. */
  readonly stuckSince: number | undefined;
  /** All of it in a sentence or two. */
  readonly says: string;
}
