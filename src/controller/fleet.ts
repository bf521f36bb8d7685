import type { Config } from '../fleet/config.ts';
import { resolveHost } from '../fleet/hosts.ts';
import type { HostRow } from '../store/rows.ts';
import type { Limits } from './admission.ts';
import type { FleetHost } from './controller.ts';
import type { Caps } from './shares.ts';

/**
 * Two out of a host and two into it at a time: more only share the same link, and each takes longer
 * and is written to more meanwhile.
 */
const usualAtOnce = 2;

type HostSettings = Config['hosts'][string];

/** The config file's hosts and those that were added. The file has the last word on a name. */
export function wholeConfig(file: Config, added: readonly HostRow[]): Config {
  const hosts = Object.fromEntries(added.map((row) => [row.name, settingsOf(row)]));
  return { ...file, hosts: { ...hosts, ...file.hosts } };
}

export function fleetHosts(file: Config, added: readonly HostRow[]): readonly FleetHost[] {
  const whole = wholeConfig(file, added);
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
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

export function limitsOf({ hosts, links }: Config): Limits {
  return {
    outgoing: (host) => hosts[host]?.maxOutgoing ?? usualAtOnce,
    incoming: (host) => hosts[host]?.maxIncoming ?? usualAtOnce,
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
    bandwidth: row.bandwidthBytesPerSecond,
    maxOutgoing: row.maxOutgoing,
    maxIncoming: row.maxIncoming,
    link: row.link,
  };
}
