import { type Ground, groundOf, type Proposal } from './balance.ts';
import { fleetOf } from './fleet.ts';
import type { Inventory } from './inventory.ts';
import type { Occupancy } from './occupancy.ts';

/** Hosts that take VMs in are filled up to this share: those that are there may grow. */
const fullest = 0.9;
/** One defragmentation moves no more than this. */
const mostMoves = 20;

/**
 * Moves that empty whole hosts, those with the least on them first: onto hosts that are in use, the
 * fullest that still has room. A host is emptied wholly or not at all, and none on which a guest lives
 * that would not arrive gently, such as a busy panda.
 */
export function defragTargets(inventory: Inventory): Proposal {
  const ground = groundOf(fleetOf(inventory));
  const { fleet, occupancy, open } = ground;
  const targets: Record<string, string> = {};
  const emptied = new Set<number>();
  const inUse = open.filter((host) => occupancy.fullness(host) > 0);
  for (const host of inUse.toSorted((a, b) => occupancy.fullness(a) - occupancy.fullness(b))) {
    const into = inUse.filter((other) => other !== host && !emptied.has(other));
    // Who has just been given guests keeps them.
    if (Object.values(targets).includes(fleet.hosts[host]?.name ?? '')) continue;
    const moves = emptying(ground, host, into);
    if (moves === undefined || Object.keys(targets).length + moves.size > mostMoves) continue;
    emptied.add(host);
    for (const [vm, to] of moves) {
      occupancy.move(vm, to);
      targets[fleet.vms[vm]?.name ?? ''] = fleet.hosts[to]?.name ?? '';
    }
  }
  const names = [...emptied].map((host) => fleet.hosts[host]?.name ?? '').toSorted();
  const why =
    names.length === 0
      ? 'no host can be emptied gently onto those that are in use'
      : `${names.join(', ')} would be empty`;
  return { targets, why };
}

/** Where each VM of a host would go; `undefined`: not all of them can. */
function emptying(
  { fleet, occupancy, reach, costOf }: Ground,
  host: number,
  into: readonly number[],
): ReadonlyMap<number, number> | undefined {
  const trial = occupancy.copy();
  const moves = new Map<number, number>();
  const vms = [...fleet.vms.keys()]
    .filter((vm) => occupancy.hostOf(vm) === host)
    .toSorted((a, b) => (fleet.vms[b]?.memoryBytes ?? 0) - (fleet.vms[a]?.memoryBytes ?? 0));
  for (const vm of vms) {
    const to = into
      .filter((other) => reach.of(vm).includes(other) && trial.fits(vm, other))
      .filter((other) => fillsTo(trial, vm, host, other) <= fullest)
      .filter((other) => costOf(vm, host, other) !== undefined)
      .toSorted((a, b) => trial.fullness(b) - trial.fullness(a))[0];
    if (to === undefined) return undefined;
    trial.move(vm, to);
    moves.set(vm, to);
  }
  return moves.size === 0 ? undefined : moves;
}

function fillsTo(trial: Occupancy, vm: number, from: number, to: number): number {
  trial.move(vm, to);
  const fullness = trial.fullness(to);
  trial.move(vm, from);
  return fullness;
}
