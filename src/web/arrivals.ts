import type { VmDocument } from '../api/vms.ts';

/** A VM that has moved since it was last seen. */
export interface Arrival {
  readonly from: string;
  readonly to: string;
  readonly at: string;
}

/**
 * The VMs as they were seen, but where they have gone to since: hosts are looked at every half a
 * minute only, and a host that was just emptied should not look full.
 */
export function withArrivals(
  seen: readonly VmDocument[],
  arrivals: ReadonlyMap<string, Arrival>,
): readonly VmDocument[] {
  if (arrivals.size === 0) return seen;
  const places = new Set(seen.map(({ uuid, host }) => placeOf(uuid, host)));
  return seen.flatMap((vm) => {
    const arrival = arrivals.get(vm.uuid);
    if (arrival === undefined || !isNews(arrival, vm)) return [vm];
    return places.has(placeOf(vm.uuid, arrival.to)) ? [] : [{ ...vm, host: arrival.to }];
  });
}

/** Whether it was seen at its old host, before it left. */
function isNews({ from, at }: Arrival, { host, seenAt }: VmDocument): boolean {
  return host === from && Date.parse(seenAt) <= Date.parse(at);
}

function placeOf(uuid: string, host: string): string {
  return `${uuid} ${host}`;
}
