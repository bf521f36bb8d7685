import { fencingScenarios } from './scenarios/fencing.ts';
import { leaseScenarios } from './scenarios/leases.ts';
import { migrationScenarios } from './scenarios/migrations.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** What every engine is held to. */
export const scenarios: readonly Scenario[] = [
  ...migrationScenarios,
  ...leaseScenarios,
  ...fencingScenarios,
];
