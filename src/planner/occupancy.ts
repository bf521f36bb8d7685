import type { Fleet } from './fleet.ts';

/** Sums of many demands differ in their last digits by the order in which they were added. */
const roundingShare = 1e-9;

/** Who is where, and what room that leaves. One who moves already holds room at both hosts. */
export class Occupancy {
  readonly fleet: Fleet;
  readonly at: Int32Array;
  readonly #used: readonly Float64Array[];
  /** How many of each anti-affinity group are on each host. */
  readonly #groups: readonly Map<number, number>[];

  constructor(fleet: Fleet) {
    this.fleet = fleet;
    this.at = fleet.at.slice();
    this.#used = fleet.hosts.map(() => new Float64Array(fleet.resources.length));
    this.#groups = fleet.hosts.map(() => new Map<number, number>());
    for (const [vm, host] of fleet.at.entries()) {
      this.#add(vm, host, 1);
      const to = fleet.vms[vm]?.moving?.to;
      if (to !== undefined) this.#add(vm, fleet.hostIndex.get(to) ?? host, 1);
    }
  }

  /** Another one that is as this one is now. */
  copy(): Occupancy {
    const copy = new Occupancy(this.fleet);
    for (const [vm, to] of this.at.entries()) {
      if (copy.hostOf(vm) === to) continue;
      const landing = this.fleet.hostIndex.get(this.fleet.vms[vm]?.moving?.to ?? '');
      if (landing !== undefined) copy.land(vm, landing);
      if (copy.hostOf(vm) !== to) copy.move(vm, to);
    }
    return copy;
  }

  hostOf(vm: number): number {
    return this.at[vm] ?? -1;
  }

  usedOf(host: number, resource: number): number {
    return this.#used[host]?.[resource] ?? 0;
  }

  freeOf(host: number, resource: number): number {
    return (this.fleet.capacity[host]?.[resource] ?? 0) - this.usedOf(host, resource);
  }

  /** The share of a host's scarcest resource that is taken. */
  fullness(host: number): number {
    let most = 0;
    for (const [resource, capacity] of (this.fleet.capacity[host] ?? []).entries())
      if (capacity > 0) most = Math.max(most, this.usedOf(host, resource) / capacity);
    return most;
  }

  /** The first resource of which a host has too little left for a VM; -1: there is room. */
  shortage(vm: number, host: number): number {
    const demand = this.fleet.demand[vm];
    const capacity = this.fleet.capacity[host];
    const used = this.#used[host];
    if (demand === undefined || capacity === undefined || used === undefined) return 0;
    for (let resource = 0; resource < demand.length; resource += 1) {
      const wanted = demand[resource] ?? 0;
      const all = capacity[resource] ?? 0;
      if (wanted > 0 && (used[resource] ?? 0) + wanted > all * (1 + roundingShare)) return resource;
    }
    return -1;
  }

  /** Whether one is there with whom a VM must not share a host. */
  meetsRival(vm: number, host: number): boolean {
    const groups = this.fleet.apart[vm] ?? [];
    return groups.some((group) => (this.#groups[host]?.get(group) ?? 0) > 0);
  }

  fits(vm: number, host: number): boolean {
    return this.shortage(vm, host) < 0 && !this.meetsRival(vm, host);
  }

  move(vm: number, to: number): void {
    this.#add(vm, this.hostOf(vm), -1);
    this.#add(vm, to, 1);
    this.at[vm] = to;
  }

  /** The end of a move that was under way already: its source is free of it. */
  land(vm: number, to: number): void {
    this.#add(vm, this.hostOf(vm), -1);
    this.at[vm] = to;
  }

  #add(vm: number, host: number, sign: 1 | -1): void {
    const used = this.#used[host];
    const demand = this.fleet.demand[vm];
    if (used === undefined || demand === undefined) return;
    for (let resource = 0; resource < demand.length; resource += 1)
      used[resource] = (used[resource] ?? 0) + sign * (demand[resource] ?? 0);
    const groups = this.#groups[host];
    for (const group of this.fleet.apart[vm] ?? [])
      groups?.set(group, (groups.get(group) ?? 0) + sign);
  }
}
