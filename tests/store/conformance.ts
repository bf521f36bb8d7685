import { eventScenarios } from './scenarios/events.ts';
import { fencingScenarios } from './scenarios/fencing.ts';
import { fleetScenarios } from './scenarios/fleet.ts';
import { keptScenarios } from './scenarios/kept.ts';
import { leaseScenarios } from './scenarios/leases.ts';
import { migrationScenarios } from './scenarios/migrations.ts';
import { modelScenarios } from './scenarios/model.ts';
import { peopleScenarios } from './scenarios/people.ts';
import { pruneScenarios } from './scenarios/prune.ts';
import { replicaScenarios } from './scenarios/replicas.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** What every engine is held to. */
export const scenarios: readonly Scenario[] = [
  ...migrationScenarios,
  ...leaseScenarios,
  ...fencingScenarios,
  ...modelScenarios,
  ...eventScenarios,
  ...fleetScenarios,
  ...peopleScenarios,
  ...keptScenarios,
  ...replicaScenarios,
  ...pruneScenarios,
];
