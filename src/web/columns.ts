import type { HostDocument } from '../api/hosts.ts';
import type { VmDocument } from '../api/vms.ts';

/** What a reader filters the fleet by. */
export interface FleetFilter {
  /** Part of a VM's or a host's name. */
  readonly text: string;
  readonly slaClass: string;
  readonly moving: boolean;
}

/** One host, with those of its VMs that are to be shown, the largest first. */
export interface HostColumn {
  readonly name: string;
  /** `undefined`: VMs were seen there, but it is no host any more. */
  readonly host: HostDocument | undefined;
  readonly vms: readonly VmDocument[];
  readonly memoryBytes: number;
}

/** The fleet as columns, by name. A host is shown where it, or one of its VMs, matches. */
export function columnsOf(
  hosts: readonly HostDocument[],
  vms: readonly VmDocument[],
  filter: FleetFilter,
  isMoving: (vm: VmDocument) => boolean,
): readonly HostColumn[] {
  const byHost = Map.groupBy(vms, ({ host }) => host);
  const known = new Map(hosts.map((host) => [host.name, host]));
  const names = [...new Set([...known.keys(), ...byHost.keys()])];
  const text = filter.text.toLowerCase();
  const isPlain = text === '' && filter.slaClass === '' && !filter.moving;
  return names
    .toSorted((a, b) => a.localeCompare(b, undefined, { numeric: true }))
    .map((name) => {
      const all = byHost.get(name) ?? [];
      const hostMatches = name.toLowerCase().includes(text);
      const shown = all
        .filter((vm) => hostMatches || vm.name.toLowerCase().includes(text))
        .filter((vm) => filter.slaClass === '' || vm.class === filter.slaClass)
        .filter((vm) => !filter.moving || isMoving(vm));
      const memoryBytes = all.reduce((sum, vm) => sum + vm.memoryBytes, 0);
      const vmsShown = shown.toSorted((a, b) => b.memoryBytes - a.memoryBytes);
      return { name, host: known.get(name), vms: vmsShown, memoryBytes, hostMatches };
    })
    .filter(({ vms: shown, hostMatches }) => {
      if (shown.length > 0 || isPlain) return true;
      return hostMatches && filter.slaClass === '' && !filter.moving;
    });
}
