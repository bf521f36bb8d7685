import { type Fleet, fleetOf } from './fleet.ts';
import type { Inventory } from './inventory.ts';
import type { Plan, PlannedMove } from './plan.ts';
import { type Reach, reachOf } from './reach.ts';

/**
 * What of a plan breaks a constraint, in words; empty: nothing. It knows nothing of how plans are made: it
 * goes through all beginnings and ends by their times, with every VM holding its room at both hosts
 * meanwhile. `drained`: hosts that take nobody in beside those that are draining.
 */
export function violationsOf(
  inventory: Inventory,
  plan: Pick<Plan, 'moves'>,
  drained: readonly string[],
): readonly string[] {
  const fleet = fleetOf(inventory);
  const closed = new Set(
    fleet.hosts.flatMap((host, index) =>
      host.draining || drained.includes(host.name) ? [index] : [],
    ),
  );
  const reach = reachOf(fleet, closed, undefined);
  const holders = fleet.hosts.map(() => new Set<number>());
  for (const [vm, host] of fleet.at.entries()) holders[host]?.add(vm);
  const found: string[] = [];
  for (const { move, begins } of eventsOf(plan.moves)) {
    const vm = fleet.vmIndex.get(move.vm) ?? -1;
    const left = holders[fleet.hostIndex.get(move.from) ?? -1];
    const to = fleet.hostIndex.get(move.to) ?? -1;
    if (!begins) {
      left?.delete(vm);
      continue;
    }
    const there = holders[to] ?? new Set<number>();
    if (left?.has(vm) !== true) found.push(`${move.vm} is not on ${move.from}`);
    if (!move.running) found.push(...arrivalViolations(fleet, reach, vm, to, there));
    there.add(vm);
  }
  return [...found, ...parted(fleet, holders)];
}

function arrivalViolations(
  fleet: Fleet,
  reach: Reach,
  vm: number,
  to: number,
  there: ReadonlySet<number>,
): readonly string[] {
  const arrival = `${fleet.vms[vm]?.name} to ${fleet.hosts[to]?.name}`;
  const never = reach.why(vm, to);
  const short = [...fleet.resources.keys()].filter((resource) => {
    const wanted = fleet.demand[vm]?.[resource] ?? 0;
    let sum = wanted;
    for (const one of there) sum += fleet.demand[one]?.[resource] ?? 0;
    return wanted > 0 && sum > (fleet.capacity[to]?.[resource] ?? 0) * (1 + 1e-6);
  });
  const groups = fleet.apart[vm] ?? [];
  const rivals = [...there].filter(
    (one) => one !== vm && fleet.apart[one]?.some((group) => groups.includes(group)),
  );
  return [
    ...(never === undefined ? [] : [`${arrival}: ${never}`]),
    ...short.map((resource) => `${arrival}: no room, ${fleet.resources[resource]?.kind}`),
    ...rivals.map((one) => `${arrival}: meets ${fleet.vms[one]?.name}`),
  ];
}

interface Event {
  readonly atMs: number;
  readonly begins: boolean;
  readonly move: PlannedMove;
  readonly place: number;
}

/** By time; an end before a beginning of the same moment; what began earlier in the plan first. */
function eventsOf(moves: readonly PlannedMove[]): readonly Event[] {
  return moves
    .flatMap((move, place): Event[] => [
      { atMs: move.startMs, begins: true, move, place },
      { atMs: move.endMs.p50, begins: false, move, place },
    ])
    .toSorted(
      (a, b) =>
        a.atMs - b.atMs ||
        Number(b.move.running) - Number(a.move.running) ||
        Number(a.begins) - Number(b.begins) ||
        a.place - b.place,
    );
}

function parted(
  { together, at, vms }: Fleet,
  holders: readonly ReadonlySet<number>[],
): readonly string[] {
  const hostOf = (vm: number): number => holders.findIndex((all) => all.has(vm));
  return together.flatMap((bundle, vm) => {
    if (bundle.length === 1 || bundle[0] !== vm) return [];
    if (bundle.some((one) => at[one] !== at[vm])) return [];
    const apart = bundle.find((one) => hostOf(one) !== hostOf(vm));
    return apart === undefined ? [] : [`${vms[vm]?.name} and ${vms[apart]?.name} are parted`];
  });
}
