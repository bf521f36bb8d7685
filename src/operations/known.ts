import type { WorkingSet } from '../forecast/working-set.ts';
import { bytesToCarry, type Terms } from '../planner/carry.ts';
import { type Inventory, plainHost, type Vm } from '../planner/inventory.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';

/** A host as the planning of operations knows it. */
export interface KnownHost {
  readonly name: string;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly cpus: number;
  /** What migrations have of its card, each way, bytes/s. */
  readonly bandwidthBytesPerSecond: number;
  readonly maxOutgoing: number;
  readonly maxIncoming: number;
  readonly link: string | undefined;
  readonly postCopy: boolean;
  /** It takes nobody in. */
  readonly closed: boolean;
}

export interface KnownLink {
  readonly name: string;
  readonly bandwidthBytesPerSecond: number | undefined;
  readonly maxAtOnce: number | undefined;
}

/** A VM as the planning of operations knows it. */
export interface KnownVm {
  readonly uuid: string;
  readonly name: string;
  readonly host: string;
  readonly memoryBytes: number;
  readonly virtualCpus: number;
  readonly slaClass: SlaClass;
  /** `undefined`: not known, so that all of its memory is expected to be touched. */
  readonly touchedBytes: number | undefined;
  readonly workingSet: WorkingSet | undefined;
  readonly moving: Moving | undefined;
  /** Hosts that cannot take it in, and why. */
  readonly unfit: Readonly<Record<string, string>>;
  /** Why it is not moved at all; `undefined`: it may be. */
  readonly fixed: string | undefined;
  readonly together: readonly string[];
  readonly apart: readonly string[];
  /** The only hosts where it may run; `undefined`: any. */
  readonly pinnedTo: readonly string[] | undefined;
}

/** Of a VM that moves already. */
export interface Moving {
  readonly to: string;
  readonly remainingBytes: number;
  /** What its way carries until it is expected to arrive: more, where its guest goes on writing. */
  readonly untilEndBytes: number;
  /** What it has sent; `undefined` once it runs at its destination, and only fetches what remains. */
  readonly sentBytes: number | undefined;
}

/** vCPUs of VMs for each CPU of a host. An emptied host must not fail for want of CPUs that idle. */
const vcpuOvercommit = 16;
/** What the host itself is left of its memory: this share, and at least so many bytes. */
const reservedShare = 0.03;
const leastReservedBytes = 256 * 2 ** 20;

/** Rates that were seen of ways that are alike differ by so much. */
const alikeShare = 0.06;

/**
 * Rates with those that are nearly as high raised to the highest of them: where some of ways that are alike seemed a
 * little faster than others, two migrations at once would use them to the full, and both take twice as long.
 */
export function leveled(rates: readonly (number | undefined)[]): readonly (number | undefined)[] {
  return rates.map((rate) => {
    if (rate === undefined) return undefined;
    const alike = rates.filter((one) => one !== undefined && one <= rate * (1 + alikeShare));
    return Math.max(...alike.map((one) => one ?? 0));
  });
}

/** What is known, as the planner takes it. VMs go by their UUIDs: names may occur twice in a fleet. */
export function inventoryOf(
  hosts: readonly KnownHost[],
  links: readonly KnownLink[],
  vms: readonly KnownVm[],
  { importance, matrix }: { readonly importance: Importance; readonly matrix: Matrix },
): Inventory {
  const names = new Set(hosts.map(({ name }) => name));
  const there = vms.filter(({ host }) => names.has(host));
  return {
    hosts: hosts.map((host) => hostOf(host, there)),
    links,
    vms: there.map((vm) => {
      const { moving } = vm;
      const one = vmOf(vm, hosts);
      if (moving === undefined || !names.has(moving.to)) return one;
      const ends = hosts.filter(({ name }) => name === vm.host || name === moving.to);
      const terms = { importance, matrix, postCopy: ends.every(({ postCopy }) => postCopy) };
      const rate = Math.min(...ends.map((host) => host.bandwidthBytesPerSecond));
      return { ...one, moving: { to: moving.to, leftBytes: leftOf(one, moving, rate, terms) } };
    }),
    limits: { maxAtOnce: undefined, maxOutgoing: undefined, maxIncoming: undefined },
    matrix,
  };
}

/** What it has still to carry: by what was measured of its guest, or else by what is seen of it on its way. */
function leftOf(
  vm: Vm,
  { remainingBytes, untilEndBytes, sentBytes }: Moving,
  bytesPerSecond: number,
  terms: Terms,
): number {
  if (sentBytes === undefined) return remainingBytes;
  const measured = vm.workingSet !== undefined;
  const more = measured ? bytesToCarry(vm, bytesPerSecond, terms) - sentBytes : untilEndBytes;
  return Math.max(remainingBytes, more);
}

/** VMs may have what is free, and what they have: where others use the host, too, that is less than all. */
function hostOf(host: KnownHost, vms: readonly KnownVm[]): Inventory['hosts'][number] {
  const held = vms
    .filter((vm) => vm.host === host.name)
    .reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const reserved = Math.max(leastReservedBytes, host.memoryBytes * reservedShare);
  return {
    name: host.name,
    memoryBytes: Math.max(0, Math.min(host.memoryBytes, host.freeMemoryBytes + held) - reserved),
    vcpus: host.cpus,
    vcpuOvercommit,
    ...plainHost,
    bandwidthBytesPerSecond: host.bandwidthBytesPerSecond,
    maxOutgoing: host.maxOutgoing,
    maxIncoming: host.maxIncoming,
    link: host.link,
    postCopy: host.postCopy,
    draining: host.closed,
  };
}

function vmOf(vm: KnownVm, hosts: readonly KnownHost[]): Vm {
  const { fixed } = vm;
  const unfit =
    fixed === undefined ? vm.unfit : Object.fromEntries(hosts.map(({ name }) => [name, fixed]));
  return {
    name: vm.uuid,
    host: vm.host,
    memoryBytes: vm.memoryBytes,
    touchedBytes: Math.min(vm.memoryBytes, vm.touchedBytes ?? vm.memoryBytes),
    vcpus: vm.virtualCpus,
    hugePages: undefined,
    workingSet: vm.workingSet,
    slaClass: vm.slaClass,
    cpuModel: undefined,
    machineType: undefined,
    storage: [],
    networks: [],
    affinity: vm.together,
    antiAffinity: vm.apart,
    pinnedTo: vm.pinnedTo,
    needsTags: [],
    avoidsTags: [],
    unfit,
    moving: undefined,
  };
}
