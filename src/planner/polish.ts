import type { Placing } from './placing.ts';
import type { Step } from './trial.ts';

/** Numbers from 0 up to, not including, 1. The same ones give the same plan. */
export type Random = () => number;

const triesPerStep = 20;
const mostTries = 20_000;

/**
 * Tries other hosts, one VM at a time, and keeps what makes the busiest way shorter or the hosts more
 * even. Only for steps that lead straight from hosts which nobody enters: these can be taken in any
 * order, so that every placement that fits can be reached.
 */
export function polish(placing: Placing, steps: readonly Step[], random: Random): readonly Step[] {
  const { task } = placing;
  const entered = new Set(steps.map(({ to }) => to));
  const movers = new Set(steps.map(({ vm }) => vm));
  const isStraight =
    movers.size === steps.length &&
    steps.every(({ vm, from }) => !entered.has(from) && task.jobOf.get(vm)?.vms.length === 1);
  if (!isStraight || steps.length === 0) return steps;
  const polished = [...steps];
  const tries = Math.min(mostTries, triesPerStep * steps.length);
  for (let tried = 0; tried < tries; tried += 1) {
    const index = Math.floor(random() * polished.length);
    const step = polished[index];
    const better = step && otherHost(placing, step, random);
    if (better !== undefined) polished[index] = better;
  }
  return polished;
}

function otherHost(placing: Placing, step: Step, random: Random): Step | undefined {
  const { task, occupancy, loads, bytesOf } = placing;
  const { vm, from, to } = step;
  const goals = task.jobOf.get(vm)?.goals ?? [];
  const other = goals[Math.floor(random() * goals.length)];
  if (other === undefined || other === to || !occupancy.fits(vm, other)) return undefined;
  const before = costOf(placing, from, to, occupancy.fullness(to));
  loads.add({ from, to }, -bytesOf(vm, from, to));
  occupancy.move(vm, other);
  const bytes = bytesOf(vm, from, other);
  loads.add({ from, to: other }, bytes);
  const after = costOf(placing, from, other, occupancy.fullness(other));
  if (after < before) return { vm, from, to: other };
  loads.add({ from, to: other }, -bytes);
  occupancy.move(vm, to);
  loads.add({ from, to }, bytesOf(vm, from, to));
  return undefined;
}

/** As a VM's host is chosen: a way that is busy beyond the bound first, then how full the host is with it. */
function costOf(
  { loads, boundSeconds }: Placing,
  from: number,
  to: number,
  fullness: number,
): number {
  const busy = loads.worstWith(from, to, 0);
  return (boundSeconds > 0 ? 10 * Math.max(0, busy / boundSeconds - 1) : 0) + fullness;
}
