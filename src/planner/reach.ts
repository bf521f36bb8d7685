import { formatBytes } from '../units/format.ts';
import type { Fleet } from './fleet.ts';
import type { Host, Vm } from './inventory.ts';

/** Where each VM could run if there were nobody else. */
export interface Reach {
  /** Hosts by number, in the order of the inventory. */
  of(vm: number): readonly number[];
  /** Why a VM can never be taken in by a host; `undefined`: it can. */
  why(vm: number, host: number): string | undefined;
}

/** `closed`: hosts that take nobody in; `only`: where VMs may go, where that is said. */
export function reachOf(
  fleet: Fleet,
  closed: ReadonlySet<number>,
  only: ReadonlySet<number> | undefined,
): Reach {
  const kinds = new Map<string, readonly number[]>();
  const why = (vm: number, host: number): string | undefined => {
    const there = fleet.hosts[host];
    const one = fleet.vms[vm];
    if (there === undefined || one === undefined) return 'it is not known';
    if (closed.has(host)) return 'it is draining';
    if (only !== undefined && !only.has(host)) return 'it is not among the hosts to go to';
    return mismatch(one, there) ?? tooSmall(fleet, vm, host);
  };
  return {
    why,
    of(vm) {
      const key = kindOf(fleet, vm);
      let hosts = kinds.get(key);
      if (hosts === undefined) {
        hosts = fleet.hosts.flatMap((_, host) => (why(vm, host) === undefined ? [host] : []));
        kinds.set(key, hosts);
      }
      return hosts;
    },
  };
}

/** VMs of the same kind reach the same hosts. */
function kindOf(fleet: Fleet, vm: number): string {
  const one = fleet.vms[vm];
  return JSON.stringify([
    one?.cpuModel,
    one?.machineType,
    one?.storage,
    one?.networks,
    one?.pinnedTo,
    one?.needsTags,
    one?.avoidsTags,
    one?.unfit,
    ...(fleet.demand[vm] ?? []),
  ]);
}

function mismatch(vm: Vm, host: Host): string | undefined {
  const { cpuModel, machineType, pinnedTo } = vm;
  const refusal = vm.unfit?.[host.name];
  if (refusal !== undefined) return refusal;
  if (pinnedTo !== undefined && !pinnedTo.includes(host.name))
    return pinnedTo.length === 0 ? 'it is pinned' : `it is pinned to ${pinnedTo.join(', ')}`;
  if (cpuModel !== undefined && host.cpuModels?.includes(cpuModel) === false)
    return `it does not run the CPU model ${cpuModel}`;
  if (machineType !== undefined && host.machineTypes?.includes(machineType) === false)
    return `it does not run the machine type ${machineType}`;
  return (
    lacking('the storage', vm.storage, host.storage) ??
    lacking('the network', vm.networks, host.networks) ??
    lacking('the tag', vm.needsTags, host.tags) ??
    avoided(vm, host)
  );
}

function lacking(
  what: string,
  needed: readonly string[],
  there: readonly string[],
): string | undefined {
  const missing = needed.find((one) => !there.includes(one));
  return missing === undefined ? undefined : `it does not have ${what} ${missing}`;
}

function avoided(vm: Vm, host: Host): string | undefined {
  const tag = vm.avoidsTags.find((one) => host.tags.includes(one));
  return tag === undefined ? undefined : `it has the tag ${tag}`;
}

/** A VM that does not even fit an empty host. */
function tooSmall(fleet: Fleet, vm: number, host: number): string | undefined {
  for (const [resource, { kind }] of fleet.resources.entries()) {
    const wanted = fleet.demand[vm]?.[resource] ?? 0;
    const all = fleet.capacity[host]?.[resource] ?? 0;
    if (wanted > all)
      return `it has ${amountOf(kind, all)} in all, and ${amount(wanted, kind)} are needed`;
  }
  return undefined;
}

function amountOf(kind: 'memory' | 'vcpus' | 'huge-pages', value: number): string {
  return kind === 'huge-pages' ? `${formatBytes(value)} of such huge pages` : amount(value, kind);
}

/** `3 GiB`, `4 vCPUs`. */
export function amount(value: number, kind: 'memory' | 'vcpus' | 'huge-pages'): string {
  return kind === 'vcpus' ? `${Math.round(value * 100) / 100} vCPUs` : formatBytes(value);
}
