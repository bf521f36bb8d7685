import type { VmRow } from '../store/rows.ts';
import type { HostSeen } from './look-at-hosts.ts';

/** A VM where it is, and the other hosts that were seen to run it at the same time. */
export interface PlacedVm extends VmRow {
  readonly alsoRunsOn: readonly string[];
}

/**
 * Of every VM the one place where it was last seen to run, or, where it runs nowhere, where it was last
 * seen: what a host had before it fell silent has given way. A VM that was seen to run on two hosts at
 * once is shown on both until one of them is seen without it.
 */
export function inOnePlace(rows: readonly VmRow[]): readonly PlacedVm[] {
  const byUuid = Map.groupBy(rows, ({ uuid }) => uuid);
  const places = new Map([...byUuid].map(([uuid, seen]) => [uuid, placesOf(seen)]));
  return rows.flatMap((row) => {
    const hosts = places.get(row.uuid) ?? [];
    if (!hosts.includes(row.host)) return [];
    return [{ ...row, alsoRunsOn: hosts.filter((host) => host !== row.host) }];
  });
}

function placesOf(seen: readonly VmRow[]): readonly string[] {
  const [last] = seen.toSorted((a, b) => Number(runs(b)) - Number(runs(a)) || b.seenAt - a.seenAt);
  return seen.filter((row) => row === last || (row.split && runs(row))).map(({ host }) => host);
}

function runs({ state }: VmRow): boolean {
  return state === 'running';
}

/** The hosts of VMs that are seen to run on several: who has just moved may be seen on both. */
export function doubtfulHosts(rows: readonly VmRow[]): readonly string[] {
  const split = splitUuids(rows);
  const hosts = rows.filter(runs).flatMap(({ uuid, host }) => (split.has(uuid) ? [host] : []));
  return [...new Set(hosts)];
}

/**
 * The later look at a host holds. What ran on two hosts in the first look, and still does on the same two in
 * the second, runs on both: one guest does not go to and fro that fast.
 */
export function togetherWith(
  first: readonly HostSeen[],
  second: readonly HostSeen[],
): readonly HostSeen[] {
  const later = new Map(
    second.flatMap((look) => (look.vms === undefined ? [] : [[look.host, look]])),
  );
  const before = splitUuids(seenOn(first));
  const after = splitUuids(seenOn(second));
  return first.map((look) => {
    const { host, at, vms } = later.get(look.host) ?? look;
    const split = (row: VmRow): boolean =>
      later.has(host) && runs(row) && before.has(row.uuid) && after.has(row.uuid);
    return { host, at, vms: vms?.map((row) => ({ ...row, split: split(row) })) };
  });
}

function splitUuids(rows: readonly VmRow[]): ReadonlySet<string> {
  const byUuid = Map.groupBy(rows.filter(runs), ({ uuid }) => uuid);
  return new Set([...byUuid].flatMap(([uuid, seen]) => (seen.length > 1 ? [uuid] : [])));
}

/** All VMs that these looks have found. */
export function seenOn(looks: readonly HostSeen[]): readonly VmRow[] {
  return looks.flatMap(({ vms }) => vms ?? []);
}
