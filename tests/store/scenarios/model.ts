import { heldToModel } from '../lease-model.ts';
import type { Scenario } from './scenario.ts';

const runs = 40;

export const modelScenarios: readonly Scenario[] = [
  {
    name: 'leases do what a plain model does, whoever does what in whatever order',
    run: (open) => heldToModel(open, runs),
  },
];
