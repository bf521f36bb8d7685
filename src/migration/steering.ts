import { emptyModel, type GuestModel, observe } from '../forecast/model.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import type { MigrationCapabilities } from '../steering/decision.ts';
import { planStart } from '../steering/plan-start.ts';
import { steer } from '../steering/steer.ts';
import type { Steersman } from './steersman.ts';

/** What is moved, how much it matters, and by when. */
export interface Intent {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  /** Since the start of the migration, ms. */
  readonly deadlineMs: number | undefined;
}

/** A steersman who keeps the model of the guest between two decisions. */
export function steersmanFor(intent: Intent, matrix?: Matrix): Steersman {
  const { slaClass, deadlineMs } = intent;
  const budget = budgetFor(slaClass, intent.importance, matrix);
  let model: GuestModel = emptyModel;
  let capabilities: MigrationCapabilities | undefined;
  return {
    plan(able) {
      capabilities = able;
      return planStart(budget, able);
    },
    observe(sample) {
      model = observe(model, sample);
    },
    decide(atMs, state) {
      if (capabilities === undefined) throw new Error('a steersman decides only after his plan');
      const situation = { slaClass, budget, capabilities, model, state, atMs };
      return steer(deadlineMs === undefined ? situation : { ...situation, deadlineMs });
    },
  };
}
