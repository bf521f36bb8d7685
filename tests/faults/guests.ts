import type { Exclusion } from '../../src/policy/exclusions.ts';
import type { Importance, SlaClass } from '../../src/policy/vocabulary.ts';

/** A guest of the lab, and how much it matters that it moves. */
export interface SimpleGuest {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly memoryMiB: number;
  readonly workload: string;
  readonly never?: readonly Exclusion[];
}
