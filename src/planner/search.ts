import type { Occupancy } from './occupancy.ts';
import { isDone } from './placing.ts';
import type { Step } from './trial.ts';
import type { Task } from './wanted.ts';

/** So much is looked at before the search gives up: placements times the moves open in each. */
const mostWork = 4_000_000;
/** Of a fleet too large to be searched whole, this many hosts are: where room is nearest. */
const mostHosts = 8;
/** A job that is not done counts as so many moves: few placements are looked at on the way to a plan. */
const greed = 3;

interface Node {
  readonly at: Int32Array;
  readonly moves: number;
  readonly step: Step | undefined;
  readonly before: Node | undefined;
}

/**
 * Looks through placements, the most promising first, each reached from another by one move that
 * keeps every constraint. Complete within its limit: where that is not reached, a plan that exists is
 * found. Returns the steps to the placement with the most jobs done. `start` is left as it is.
 */
export function searchPlacements(task: Task, start: Occupancy): readonly Step[] {
  const region = regionOf(task, start);
  const limit = mostWork / Math.max(1, region.vms.length * region.hosts.size);
  const open = new Buckets();
  const seen = new Set<string>();
  const root = { at: start.at.slice(), moves: 0, step: undefined, before: undefined };
  let best: Node = root;
  let least = undoneOf(task, start);
  open.add(greed * least, root);
  seen.add(keyOf(root.at, region));
  const occupancy = start.copy();
  for (let looked = 0; looked < limit && least > 0; looked += 1) {
    const node = open.take();
    if (node === undefined) break;
    go(occupancy, node.at, region);
    for (const next of nextOf(task, occupancy, node, region)) {
      const key = keyOf(next.at, region);
      if (seen.has(key)) continue;
      seen.add(key);
      go(occupancy, next.at, region);
      const undone = undoneOf(task, occupancy);
      const parted = partedIn(task, occupancy);
      go(occupancy, node.at, region);
      open.add(next.moves + greed * (undone + parted), next);
      if (undone < least && parted === 0) {
        least = undone;
        best = next;
      }
    }
  }
  return stepsTo(best);
}

interface Region {
  readonly hosts: ReadonlySet<number>;
  /** The VMs on these hosts that may be moved. */
  readonly vms: readonly number[];
}

function regionOf(task: Task, start: Occupancy): Region {
  const { fleet, jobs } = task;
  const waiting = jobs.filter((job) => !isDone(job, start));
  const near = new Set(waiting.flatMap(({ vms }) => vms.map((vm) => start.hostOf(vm))));
  const whole = fleet.hosts.length <= mostHosts;
  const goals = whole ? fleet.hosts.keys() : new Set(waiting.flatMap((job) => job.goals)).values();
  const free = [...goals].toSorted((a, b) => start.freeOf(b, 0) - start.freeOf(a, 0));
  const hosts = new Set(whole ? free : [...free.slice(0, mostHosts), ...near]);
  const vms: number[] = [];
  for (const [vm, at] of start.at.entries()) if (hosts.has(at)) vms.push(vm);
  return { hosts, vms };
}

function keyOf(at: Int32Array, { vms }: Region): string {
  return String.fromCharCode(...vms.map((vm) => at[vm] ?? 0));
}

/** From one placement to another, past all constraints: both are known to keep them. */
function go(occupancy: Occupancy, at: Int32Array, { vms }: Region): void {
  for (const vm of vms) {
    const to = at[vm] ?? -1;
    if (occupancy.hostOf(vm) !== to) occupancy.move(vm, to);
  }
}

function* nextOf(
  { reach }: Task,
  occupancy: Occupancy,
  before: Node,
  region: Region,
): Generator<Node> {
  for (const vm of region.vms) {
    const from = before.at[vm] ?? -1;
    for (const to of reach.of(vm)) {
      if (to === from || !region.hosts.has(to) || !occupancy.fits(vm, to)) continue;
      const at = before.at.slice();
      at[vm] = to;
      yield { at, moves: before.moves + 1, step: { vm, from, to }, before };
    }
  }
}

function undoneOf({ jobs }: Task, occupancy: Occupancy): number {
  return jobs.filter((job) => !isDone(job, occupancy)).length;
}

/** Bundles that were together and are not now. */
function partedIn({ fleet }: Task, occupancy: Occupancy): number {
  let parted = 0;
  for (const [vm, bundle] of fleet.together.entries()) {
    if (bundle.length === 1 || bundle[0] !== vm) continue;
    const at = occupancy.hostOf(vm);
    if (bundle.some((one) => occupancy.hostOf(one) !== at)) parted += 1;
  }
  return parted;
}

function stepsTo(node: Node): readonly Step[] {
  const steps: Step[] = [];
  for (let one: Node | undefined = node; one !== undefined; one = one.before)
    if (one.step !== undefined) steps.push(one.step);
  return steps.toReversed();
}

/** A queue of nodes by a small whole number; among equals the first one comes first. */
class Buckets {
  readonly #buckets: Node[][] = [];
  readonly #taken: number[] = [];
  #first = 0;

  add(rank: number, node: Node): void {
    while (this.#buckets.length <= rank) {
      this.#buckets.push([]);
      this.#taken.push(0);
    }
    this.#buckets[rank]?.push(node);
    this.#first = Math.min(this.#first, rank);
  }

  take(): Node | undefined {
    for (; this.#first < this.#buckets.length; this.#first += 1) {
      const bucket = this.#buckets[this.#first] ?? [];
      const taken = this.#taken[this.#first] ?? 0;
      const node = bucket[taken];
      if (node === undefined) continue;
      this.#taken[this.#first] = taken + 1;
      return node;
    }
    return undefined;
  }
}
