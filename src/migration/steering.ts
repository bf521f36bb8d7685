import { emptyModel, type GuestModel, observe } from '../forecast/model.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import type { MigrationCapabilities } from '../steering/decision.ts';
import { planStart } from '../steering/plan-start.ts';
import { type SteeringState, steer } from '../steering/steer.ts';
import type { Steersman } from './steersman.ts';

/** What is moved, how much it matters, and by when. */
export interface Intent {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  /** Since the start of the migration, ms. */
  readonly deadlineMs: number | undefined;
}

/** A steersman who keeps the model of the guest, and what he has done, between two decisions. */
export function steersmanFor(intent: Intent): Steersman {
  const { slaClass, deadlineMs } = intent;
  const budget = budgetFor(slaClass, intent.importance);
  let model: GuestModel = emptyModel;
  let capabilities: MigrationCapabilities | undefined;
  let state: SteeringState = { maxDowntimeMs: 0, maxDowntimeSetAtMs: 0 };
  return {
    plan(able) {
      capabilities = able;
      const plan = planStart(budget, able);
      state = { maxDowntimeMs: plan.maxDowntimeMs, maxDowntimeSetAtMs: 0 };
      return plan;
    },
    observe(sample) {
      model = observe(model, sample);
    },
    decide(atMs) {
      if (capabilities === undefined) throw new Error('a steersman decides only after his plan');
      const situation = { slaClass, budget, capabilities, model, state, atMs };
      const decision = steer(deadlineMs === undefined ? situation : { ...situation, deadlineMs });
      if (decision.action.kind === 'set-max-downtime')
        state = { maxDowntimeMs: decision.action.ms, maxDowntimeSetAtMs: atMs };
      return decision;
    },
  };
}
