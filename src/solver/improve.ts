import type { Inventory } from '../planner/inventory.ts';
import { modelOf } from '../planner/model.ts';
import { type Plan, type PlanOptions, planMoves } from '../planner/plan.ts';
import type { Wanted } from '../planner/wanted.ts';
import { solve } from './solve.ts';

/** So near the bound a plan is not improved. */
const goodEnough = 1.01;

/**
 * A plan, improved by a solver for at most about `ms` where its placement may not be the best: the shorter
 * of both is taken, of equals the first. Its bound of placement is the solver's, where that is higher. What
 * the solver finds in a given time depends on the machine, so that this is no pure function.
 */
export async function improvedPlan(
  inventory: Inventory,
  wanted: Wanted,
  options: () => PlanOptions,
  ms: number,
): Promise<Plan> {
  const plan = planMoves(inventory, wanted, options());
  const model = modelOf(inventory, wanted);
  if (model === undefined || plan.remaining.length > 0) return plan;
  const relaxed = await solve(model.relaxed, ms / 2);
  const solved = relaxed?.isOptimal === true ? model.boundMs(relaxed.objective) : 0;
  const placementBoundMs = Math.max(plan.placementBoundMs, solved);
  const bounded = { ...plan, placementBoundMs };
  if (plan.makespanMs.p50 <= placementBoundMs * goodEnough) return bounded;
  const whole = await solve(model.whole, ms / 2);
  if (whole === undefined) return bounded;
  const suggested = model.suggested(whole.values);
  const other = planMoves(inventory, wanted, { ...options(), suggested });
  const isBetter = other.remaining.length === 0 && other.makespanMs.p50 < plan.makespanMs.p50;
  return isBetter ? { ...other, placementBoundMs } : bounded;
}
