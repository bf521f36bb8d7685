import { harmOf } from '../steering/harm.ts';
import { type Fleet, fleetOf } from './fleet.ts';
import type { Inventory } from './inventory.ts';
import { pathRate, type Ways, waysOf } from './loads.ts';
import { Occupancy } from './occupancy.ts';
import { lookAhead } from './outlook.ts';
import { type Reach, reachOf } from './reach.ts';

/** Where VMs would be better. */
export interface Proposal {
  /** Host by VM; empty where nothing is worth its while. */
  readonly targets: Readonly<Record<string, string>>;
  /** What it is for, in words. */
  readonly why: string;
}

/** Hosts that differ by less than this share of their scarcest resource are left as they are. */
export const worthBalancing = 0.2;
/** And those that are moved for are brought this near: so nothing is moved to and fro. */
const balanced = 0.1;
/** One balance moves no more than this. */
const mostMoves = 10;

/**
 * The fewest and cheapest moves after which no host is much fuller than another one: each takes from
 * the fullest what relieves it most for what its guest suffers. VMs that would not arrive gently stay.
 */
export function balanceTargets(inventory: Inventory): Proposal {
  const fleet = fleetOf(inventory);
  const ground = groundOf(fleet);
  const { occupancy, open } = ground;
  const before = spreadOf(occupancy, open);
  const targets: Record<string, string> = {};
  if (before <= worthBalancing)
    return { targets, why: `no host is fuller than another by more than ${percent(before)}` };
  while (Object.keys(targets).length < mostMoves && spreadOf(occupancy, open) > balanced) {
    const best = bestMove(ground, new Set(Object.keys(targets)));
    if (best === undefined) break;
    occupancy.move(best.vm, best.to);
    targets[fleet.vms[best.vm]?.name ?? ''] = fleet.hosts[best.to]?.name ?? '';
  }
  const after = spreadOf(occupancy, open);
  const why =
    Object.keys(targets).length === 0
      ? `the fullest host and the emptiest differ by ${percent(before)}, and no VM is worth moving for that`
      : `the fullest host and the emptiest differ by ${percent(before)}, then by ${percent(after)}`;
  return { targets, why };
}

/** What proposals are made from. */
export interface Ground {
  readonly fleet: Fleet;
  readonly occupancy: Occupancy;
  readonly reach: Reach;
  readonly ways: Ways;
  /** Hosts that take VMs in, by number. */
  readonly open: readonly number[];
  /** What moving a VM costs its guest; `undefined`: it would not arrive without harm that is not worth it. */
  readonly costOf: (vm: number, from: number, to: number) => number | undefined;
}

export function groundOf(fleet: Fleet): Ground {
  const ways = waysOf(fleet);
  const closed = fleet.hosts.flatMap(({ draining }, host) => (draining ? [host] : []));
  const outlookOf = lookAhead('low', fleet.matrix);
  return {
    fleet,
    ways,
    occupancy: new Occupancy(fleet),
    reach: reachOf(fleet, new Set(closed), undefined),
    open: fleet.hosts.flatMap(({ draining }, host) => (draining ? [] : [host])),
    costOf: (vm, from, to) => {
      const [one, source, destination] = [fleet.vms[vm], fleet.hosts[from], fleet.hosts[to]];
      if (one === undefined || source === undefined || destination === undefined) return undefined;
      // Whoever stays with others is left with them.
      if (one.moving !== undefined || (fleet.together[vm]?.length ?? 1) > 1) return undefined;
      const { ending, forecast } = outlookOf(one, source, destination, pathRate(ways, from, to));
      if (!forecast.completes || ending !== 'switch-over') return undefined;
      return harmOf(forecast, one.slaClass, 'low');
    },
  };
}

function bestMove(
  { fleet, occupancy, reach, open, costOf }: Ground,
  moved: ReadonlySet<string>,
): { readonly vm: number; readonly to: number } | undefined {
  const from = extreme(open, (host) => occupancy.fullness(host));
  if (from === undefined) return undefined;
  let best: { readonly vm: number; readonly to: number; readonly worth: number } | undefined;
  for (const vm of fleet.vms.keys()) {
    if (occupancy.hostOf(vm) !== from || moved.has(fleet.vms[vm]?.name ?? '')) continue;
    for (const to of reach.of(vm)) {
      if (to === from || !occupancy.fits(vm, to)) continue;
      const gain = relief(occupancy, vm, from, to);
      const cost = gain > 0 ? costOf(vm, from, to) : undefined;
      if (cost === undefined) continue;
      const worth = gain / (1 + cost);
      if (best === undefined || worth > best.worth) best = { vm, to, worth };
    }
  }
  return best;
}

/** By how much the sum of the squares of both hosts' fullness falls; below 0 it only turns round. */
function relief(occupancy: Occupancy, vm: number, from: number, to: number): number {
  const before = occupancy.fullness(from) ** 2 + occupancy.fullness(to) ** 2;
  occupancy.move(vm, to);
  const after = occupancy.fullness(from) ** 2 + occupancy.fullness(to) ** 2;
  occupancy.move(vm, from);
  return before - after;
}

function spreadOf(occupancy: Occupancy, open: readonly number[]): number {
  const all = open.map((host) => occupancy.fullness(host));
  return all.length === 0 ? 0 : Math.max(...all) - Math.min(...all);
}

function extreme(hosts: readonly number[], of: (host: number) => number): number | undefined {
  return hosts.toSorted((a, b) => of(b) - of(a))[0];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
