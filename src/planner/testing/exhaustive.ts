import { fleetOf } from '../fleet.ts';
import type { Inventory } from '../inventory.ts';
import { Occupancy } from '../occupancy.ts';
import { type Task, taskOf, type Wanted } from '../wanted.ts';

/** The most jobs that can be done at once, by looking at every placement that moves can lead to. */
export function mostDone(inventory: Inventory, wanted: Wanted): number {
  const task = taskOf(fleetOf(inventory), wanted);
  const occupancy = new Occupancy(task.fleet);
  const open: (readonly number[])[] = [[...occupancy.at]];
  const seen = new Set(open.map(String));
  let most = 0;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    goTo(occupancy, at);
    if (!isParted(task, at)) most = Math.max(most, doneIn(task, at));
    for (const next of movesFrom(task, occupancy, at)) {
      if (seen.has(String(next))) continue;
      seen.add(String(next));
      open.push(next);
    }
  }
  return most;
}

function goTo(occupancy: Occupancy, at: readonly number[]): void {
  for (const [vm, host] of at.entries())
    if (occupancy.hostOf(vm) !== host) occupancy.move(vm, host);
}

function movesFrom(
  { reach }: Task,
  occupancy: Occupancy,
  at: readonly number[],
): readonly (readonly number[])[] {
  return at.flatMap((from, vm) =>
    reach
      .of(vm)
      .filter((to) => to !== from && occupancy.fits(vm, to))
      .map((to) => at.with(vm, to)),
  );
}

export function doneIn({ jobs }: Task, at: readonly number[]): number {
  return jobs.filter(({ vms, goals }) => goals.some((goal) => vms.every((vm) => at[vm] === goal)))
    .length;
}

function isParted({ fleet }: Task, at: readonly number[]): boolean {
  return fleet.together.some((bundle, vm) => bundle.some((one) => at[one] !== at[vm]));
}
