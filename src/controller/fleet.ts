import type { Config } from '../fleet/config.ts';
import { type ResolvedHost, resolveHost } from '../fleet/hosts.ts';
import type { Closure, HostRow } from '../store/rows.ts';
import type { Limits } from './admission.ts';
import type { Caps } from './shares.ts';

/**
 * Two out of a host and two into it at a time: more only share the same link, and each takes longer
 * and is written to more meanwhile.
 */
const usualAtOnce = 2;

/** A host as it is set, and who says so. */
export interface FleetHost extends ResolvedHost {
  readonly origin: 'config' | 'store';
  readonly maxOutgoing: number | undefined;
  readonly maxIncoming: number | undefined;
  readonly link: string | undefined;
  /** Who closed it; `undefined`: nobody, or the config file. */
  readonly closure: Closure | undefined;
  /** 0 where the config file has it. */
  readonly revision: number;
}

type HostSettings = Config['hosts'][string];

/**
 * The config file's hosts and those that were added. The file has the last word on a name, but what a
 * person has closed is closed.
 */
export function wholeConfig(
  file: Config,
  added: readonly HostRow[],
  closures: readonly Closure[],
): Config {
  const all = {
    ...Object.fromEntries(added.map((row) => [row.name, settingsOf(row)])),
    ...file.hosts,
  };
  const closed = closures.flatMap(({ host }) => {
    const settings = all[host];
    return settings === undefined ? [] : [[host, { ...settings, arrivals: 'closed' }] as const];
  });
  return { ...file, hosts: { ...all, ...Object.fromEntries(closed) } };
}

export function fleetHosts(
  file: Config,
  added: readonly HostRow[],
  closures: readonly Closure[],
): readonly FleetHost[] {
  const whole = wholeConfig(file, added, closures);
  const revisions = new Map(added.map(({ name, revision }) => [name, revision]));
  return Object.entries(whole.hosts)
    .map(([name, { maxOutgoing, maxIncoming, link }]) => ({
      ...resolveHost(whole, name),
      ...(file.hosts[name] === undefined
        ? { origin: 'store' as const, revision: revisions.get(name) ?? 0 }
        : { origin: 'config' as const, revision: 0 }),
      maxOutgoing,
      maxIncoming,
      link,
      closure: closures.find(({ host }) => host === name),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** What one stream of QEMU fills, bytes/s: one thread sends it, and does some 10 Gbit/s. Not measured here: the lab's links are slower. */
const oneStreamBytesPerSecond = 1e9;

export function limitsOf({ hosts, links }: Config): Limits {
  const singles = (host: string): number =>
    (hosts[host]?.bandwidth ?? Infinity) <= oneStreamBytesPerSecond ? 1 : usualAtOnce;
  return {
    outgoing: (host) => hosts[host]?.maxOutgoing ?? usualAtOnce,
    incoming: (host) => hosts[host]?.maxIncoming ?? usualAtOnce,
    singlesOutgoing: (host) => hosts[host]?.maxOutgoing ?? singles(host),
    singlesIncoming: (host) => hosts[host]?.maxIncoming ?? singles(host),
    linkOf: (host) => hosts[host]?.link,
    onLink: (link) => links[link]?.max ?? Infinity,
  };
}

export function capsOf({ hosts, links }: Config): Caps {
  return {
    ofHost: (host) => hosts[host]?.bandwidth,
    linkOf: (host) => hosts[host]?.link,
    ofLink: (link) => links[link]?.bandwidth,
  };
}

/** Whether any admin caps anything: otherwise there is nothing to share. */
export function capped({ hosts, links }: Config): boolean {
  return [...Object.values(hosts), ...Object.values(links)].some(
    ({ bandwidth }) => bandwidth !== undefined,
  );
}

function settingsOf(row: HostRow): HostSettings {
  return {
    uri: row.uri,
    peerUri: row.peerUri,
    migrationAddress: undefined,
    otherWays: undefined,
    migrationTls: undefined,
    postCopy: row.postCopy,
    compression: undefined,
    memoryReading: undefined,
    bandwidth: row.bandwidthBytesPerSecond,
    maxOutgoing: row.maxOutgoing,
    maxIncoming: row.maxIncoming,
    link: row.link,
  };
}
