import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import type { Importance } from '../policy/vocabulary.ts';
import type { Terms } from './carry.ts';
import type { Host, Inventory, Vm } from './inventory.ts';

/** An inventory by numbers: what the search asks millions of times. */
export interface Fleet {
  readonly inventory: Inventory;
  readonly hosts: readonly Host[];
  readonly vms: readonly Vm[];
  readonly hostIndex: ReadonlyMap<string, number>;
  readonly vmIndex: ReadonlyMap<string, number>;
  /** What hosts have a limited amount of: memory, vCPUs, huge pages of each size. */
  readonly resources: readonly Resource[];
  /** How much of each resource a host has, by host. */
  readonly capacity: readonly Float64Array[];
  /** How much of each a VM takes, by VM. */
  readonly demand: readonly Float64Array[];
  /** Where each VM runs, by VM. */
  readonly at: Int32Array;
  /** The anti-affinity groups of each VM, numbered. */
  readonly apart: readonly (readonly number[])[];
  /** The VMs that stay with each VM, itself among them. */
  readonly together: readonly (readonly number[])[];
  readonly matrix: Matrix;
}

export type Resource =
  | { readonly kind: 'memory' }
  | { readonly kind: 'vcpus' }
  | { readonly kind: 'huge-pages'; readonly size: string };

/** Throws a RangeError that names a VM whose host is not in the inventory, and anything named twice. */
export function fleetOf(inventory: Inventory): Fleet {
  const { hosts, vms } = inventory;
  const hostIndex = indexed('host', hosts);
  const vmIndex = indexed('VM', vms);
  const resources = resourcesOf(inventory);
  const at = Int32Array.from(vms, (vm) => known(hostIndex, vm.host, vm));
  for (const vm of vms) if (vm.moving !== undefined) known(hostIndex, vm.moving.to, vm);
  return {
    inventory,
    hosts,
    vms,
    hostIndex,
    vmIndex,
    resources,
    capacity: hosts.map((host) => Float64Array.from(resources, (one) => capacityOf(host, one))),
    demand: vms.map((vm) => Float64Array.from(resources, (one) => demandOf(vm, one))),
    at,
    apart: apartOf(vms),
    together: togetherOf(vms),
    matrix: inventory.matrix ?? defaultMatrix,
  };
}

function indexed(what: string, all: readonly { readonly name: string }[]): Map<string, number> {
  const index = new Map<string, number>();
  for (const [place, { name }] of all.entries()) {
    if (index.has(name)) throw new RangeError(`two ${what}s have the name ${name}`);
    index.set(name, place);
  }
  return index;
}

function known(hostIndex: ReadonlyMap<string, number>, host: string, vm: Vm): number {
  const index = hostIndex.get(host);
  if (index === undefined) throw new RangeError(`${vm.name}: there is no host ${host}`);
  return index;
}

function resourcesOf({ hosts, vms }: Inventory): Resource[] {
  const sizes = new Set([
    ...hosts.flatMap((host) => Object.keys(host.hugePageBytes)),
    ...vms.flatMap((vm) => (vm.hugePages === undefined ? [] : [vm.hugePages])),
  ]);
  const huge = [...sizes].toSorted().map((size) => ({ kind: 'huge-pages', size }) as const);
  return [{ kind: 'memory' }, { kind: 'vcpus' }, ...huge];
}

function capacityOf(host: Host, resource: Resource): number {
  if (resource.kind === 'memory') return host.memoryBytes;
  if (resource.kind === 'vcpus') return host.vcpus * host.vcpuOvercommit;
  return host.hugePageBytes[resource.size] ?? 0;
}

function demandOf(vm: Vm, resource: Resource): number {
  if (resource.kind === 'vcpus') return vm.vcpus;
  const size = resource.kind === 'huge-pages' ? resource.size : undefined;
  return vm.hugePages === size ? vm.memoryBytes : 0;
}

function apartOf(vms: readonly Vm[]): number[][] {
  const groups = new Map<string, number>();
  const numberOf = (group: string): number => {
    const number = groups.get(group) ?? groups.size;
    groups.set(group, number);
    return number;
  };
  return vms.map((vm) => vm.antiAffinity.map(numberOf));
}

/** VMs that share a group and a host, and those that share either with one of them. */
function togetherOf(vms: readonly Vm[]): (readonly number[])[] {
  const bundles: number[][] = vms.map((_, vm) => [vm]);
  const first = new Map<string, number>();
  for (const [vm, { affinity, host }] of vms.entries()) {
    for (const group of affinity) {
      const key = JSON.stringify([host, group]);
      const other = first.get(key);
      if (other === undefined) first.set(key, vm);
      else unite(bundles, other, vm);
    }
  }
  return bundles;
}

function unite(bundles: number[][], one: number, other: number): void {
  const a = bundles[one] ?? [];
  const b = bundles[other] ?? [];
  if (a === b) return;
  a.push(...b);
  for (const vm of b) bundles[vm] = a;
}

/** What may be done to a VM on a move from one host to another. */
export function termsOf(
  { hosts, matrix }: Fleet,
  importance: Importance,
  { from, to }: { readonly from: number; readonly to: number },
): Terms {
  const postCopy = hosts[from]?.postCopy === true && hosts[to]?.postCopy === true;
  return { importance, matrix, postCopy };
}
