import type { Fleet } from './fleet.ts';
import type { Step } from './trial.ts';

/** How many migrations may run at once: of the fleet, from and to each host, over each uplink. */
export class Slots {
  readonly #counters: readonly (readonly number[])[];
  readonly #left: Float64Array;
  readonly #running: readonly boolean[];

  constructor(
    fleet: Fleet,
    steps: readonly Step[],
    atOncePerHost: number,
    isWaitedFor: (step: number) => boolean,
    needsTheWay: (step: number) => boolean,
  ) {
    const { hosts, inventory } = fleet;
    const { limits, links } = inventory;
    const linkIndex = new Map(links.map(({ name }, index) => [name, index]));
    const most = (...all: readonly (number | undefined)[]): number =>
      Math.min(atOncePerHost, all.find((one) => one !== undefined) ?? Infinity);
    this.#left = Float64Array.from([
      limits.maxAtOnce ?? Infinity,
      ...hosts.map((host) => most(host.maxOutgoing, limits.maxOutgoing)),
      ...hosts.map((host) => most(host.maxIncoming, limits.maxIncoming)),
      ...links.map((link) => link.maxAtOnce ?? Infinity),
      // Of those that others wait for one at a time leaves a host: so the first of these can begin soon.
      ...hosts.map(() => 1),
      // Of those that do not converge on half of the way: side by side they would only send the same pages again.
      ...hosts.map(() => 1),
      ...hosts.map(() => 1),
    ]);
    const linkOf = (host: number): number => linkIndex.get(hosts[host]?.link ?? '') ?? -1;
    this.#counters = steps.map(({ from, to }, step) => {
      const [out, into] = [linkOf(from), linkOf(to)];
      const passed = out === into ? [] : [out, into].filter((link) => link >= 0);
      const uplinks = passed.map((link) => 1 + 2 * hosts.length + link);
      const makers = 1 + 2 * hosts.length + links.length;
      const maker = isWaitedFor(step) ? [makers + from] : [];
      const restless = needsTheWay(step)
        ? [makers + hosts.length + from, makers + 2 * hosts.length + to]
        : [];
      return [0, 1 + from, 1 + hosts.length + to, ...uplinks, ...maker, ...restless];
    });
    this.#running = steps.map(({ vm, to }) => fleet.vms[vm]?.moving?.to === hosts[to]?.name);
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
