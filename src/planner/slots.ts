import type { Fleet } from './fleet.ts';
import type { Step } from './trial.ts';

/** What only so many migrations may have at once, by number, and of which each step takes one. */
export interface Counters {
  readonly most: readonly number[];
  readonly of: readonly (readonly number[])[];
}

/** What else than the inventory's limits holds for steps. */
export interface SlotRules {
  /** From any host, and as many to it. */
  readonly atOncePerHost: number;
  /** Of these one at a time leaves a host. */
  readonly isMaker: (step: number) => boolean;
  /** Of these one at a time leaves, and one enters, a host. */
  readonly isRestless: (step: number) => boolean;
}

export function countersOf(
  { hosts, inventory }: Fleet,
  steps: readonly Step[],
  { atOncePerHost, isMaker, isRestless }: SlotRules,
): Counters {
  const { limits, links } = inventory;
  const linkIndex = new Map(links.map(({ name }, index) => [name, index]));
  const most = (...all: readonly (number | undefined)[]): number =>
    Math.min(atOncePerHost, all.find((one) => one !== undefined) ?? Infinity);
  const linkOf = (host: number): number => linkIndex.get(hosts[host]?.link ?? '') ?? -1;
  return {
    most: [
      limits.maxAtOnce ?? Infinity,
      ...hosts.map((host) => most(host.maxOutgoing, limits.maxOutgoing)),
      ...hosts.map((host) => most(host.maxIncoming, limits.maxIncoming)),
      ...links.map((link) => link.maxAtOnce ?? Infinity),
      // Of those that others wait for one at a time leaves a host: so the first of these can begin soon.
      ...hosts.map(() => 1),
      // Of those that do not converge on half of the way: side by side they would only send the same pages again.
      ...hosts.map(() => 1),
      ...hosts.map(() => 1),
    ],
    of: steps.map(({ from, to }, step) => {
      const [out, into] = [linkOf(from), linkOf(to)];
      const passed = out === into ? [] : [out, into].filter((link) => link >= 0);
      const uplinks = passed.map((link) => 1 + 2 * hosts.length + link);
      const makers = 1 + 2 * hosts.length + links.length;
      const maker = isMaker(step) ? [makers + from] : [];
      const restless = isRestless(step)
        ? [makers + hosts.length + from, makers + 2 * hosts.length + to]
        : [];
      return [0, 1 + from, 1 + hosts.length + to, ...uplinks, ...maker, ...restless];
    }),
  };
}

/** Whether a step is a move that is under way already. */
export function isUnderWay({ vms, hosts }: Fleet, { vm, to }: Step): boolean {
  return vms[vm]?.moving?.to === hosts[to]?.name;
}

/** How many migrations may run at once: of the fleet, from and to each host, over each uplink. */
export class Slots {
  readonly #counters: readonly (readonly number[])[];
  readonly #left: Float64Array;
  readonly #running: readonly boolean[];

  constructor(fleet: Fleet, steps: readonly Step[], rules: SlotRules) {
    const { most, of } = countersOf(fleet, steps, rules);
    this.#left = Float64Array.from(most);
    this.#counters = of;
    this.#running = steps.map((step) => isUnderWay(fleet, step));
  }

  runs(step: number): boolean {
    return this.#running[step] === true;
  }

  /** What runs already is not asked. */
  isFree(step: number): boolean {
    if (this.runs(step)) return true;
    const counters = this.#counters[step] ?? [];
    for (const counter of counters) if ((this.#left[counter] ?? 0) < 1) return false;
    return true;
  }

  take(step: number): void {
    this.#add(step, -1);
  }

  leave(step: number): void {
    this.#add(step, 1);
  }

  #add(step: number, sign: 1 | -1): void {
    for (const counter of this.#counters[step] ?? [])
      this.#left[counter] = (this.#left[counter] ?? 0) + sign;
  }
}
