import type { Sample } from '../forecast/telemetry.ts';
import type { MigrateOptions } from '../hypervisor/port.ts';
import type { Decision, MigrationCapabilities } from '../steering/decision.ts';

/** How a migration begins. Its flags hold for as long as it runs. */
export interface StartPlan {
  readonly postCopy: boolean;
  readonly autoConverge: MigrateOptions['autoConverge'];
  readonly maxDowntimeMs: number;
  /** For a person: why it begins this way. */
  readonly why: string;
}

/** Who decides for one migration. It sees samples and the time, and touches nothing. */
export interface Steersman {
  plan(capabilities: MigrationCapabilities): StartPlan;
  observe(sample: Sample): void;
  decide(atMs: number): Decision;
}
