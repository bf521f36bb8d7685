import type { Fleet } from './fleet.ts';
import { Occupancy } from './occupancy.ts';
import type { Step } from './trial.ts';

const roundingShare = 1e-9;

/**
 * For each step the earlier ones that must have ended before it begins. Whoever keeps these, and
 * whatever runs beside it, keeps every constraint: a step waits for as many departures as make it fit
 * when all arrivals before it in the order are there already. So for any set of steps that have begun,
 * the last of them in the order has seen room for all.
 */
export function precedenceOf(fleet: Fleet, steps: readonly Step[]): readonly (readonly number[])[] {
  const occupancy = new Occupancy(fleet);
  const desks = fleet.hosts.map((): Desk => ({ arrived: [], left: [] }));
  const last = new Map<number, number>();
  return steps.map(({ vm, from, to }, index) => {
    const desk = desks[to];
    const after = new Set<number>();
    const earlier = last.get(vm);
    if (earlier !== undefined) after.add(earlier);
    if (desk !== undefined && from !== to && fleet.vms[vm]?.moving?.to !== fleet.hosts[to]?.name) {
      for (const left of roomBefore(fleet, occupancy, desk, steps, vm, to)) after.add(left);
      for (const left of rivalsBefore(fleet, desk, steps, vm)) after.add(left);
      desk.arrived.push(vm);
    }
    desks[from]?.left.push(index);
    last.set(vm, index);
    return [...after].toSorted((a, b) => a - b);
  });
}

/** What has come to and gone from one host so far, in the order of the steps. */
interface Desk {
  readonly arrived: number[];
  /** Steps. */
  readonly left: number[];
}

/** The departures that make room, one after another until it is enough. */
function roomBefore(
  fleet: Fleet,
  initial: Occupancy,
  desk: Desk,
  steps: readonly Step[],
  vm: number,
  host: number,
): readonly number[] {
  const needed = new Set<number>();
  for (let resource = 0; resource < fleet.resources.length; resource += 1) {
    const demand = (one: number): number => fleet.demand[one]?.[resource] ?? 0;
    if (demand(vm) === 0) continue;
    const capacity = (fleet.capacity[host]?.[resource] ?? 0) * (1 + roundingShare);
    let used = initial.usedOf(host, resource) + demand(vm);
    for (const arrived of desk.arrived) used += demand(arrived);
    for (const left of desk.left) {
      if (used <= capacity) break;
      const gone = demand(steps[left]?.vm ?? -1);
      if (gone === 0) continue;
      used -= gone;
      needed.add(left);
    }
  }
  return [...needed];
}

function rivalsBefore(
  { apart }: Fleet,
  desk: Desk,
  steps: readonly Step[],
  vm: number,
): readonly number[] {
  const groups = new Set(apart[vm] ?? []);
  if (groups.size === 0) return [];
  return desk.left.filter((left) => apart[steps[left]?.vm ?? -1]?.some((one) => groups.has(one)));
}
