import type { Sample } from '../forecast/telemetry.ts';
import type { Decision, MigrationCapabilities } from '../steering/decision.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import type { SteeringState } from '../steering/situation.ts';

/** Who decides for one migration. It sees samples and the time, and touches nothing. */
export interface Steersman {
  plan(capabilities: MigrationCapabilities): StartPlan;
  observe(sample: Sample): void;
  /** `state` is what has taken effect, not what was decided: an act can fail. */
  decide(atMs: number, state: SteeringState): Decision;
}
