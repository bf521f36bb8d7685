import type { Importance } from '../policy/vocabulary.ts';
import type { Fleet } from './fleet.ts';
import type { Ways } from './loads.ts';
import type { Step } from './trial.ts';

/** Steps, and what they must wait for. */
export interface Course {
  readonly fleet: Fleet;
  readonly ways: Ways;
  readonly steps: readonly Step[];
  readonly after: readonly (readonly number[])[];
  readonly importance: Importance;
  /** What each step carries over an idle way, bytes. */
  readonly bytes: readonly number[];
  /** Whether a step needs more than half of its way to converge: of these one at a time leaves and enters a host. */
  readonly restless: readonly boolean[];
}
