import { DroverError } from '../errors/catalogue.ts';
import type { MigrationTls, Way } from '../hypervisor/port.ts';
import { allowed, type Permission } from '../steering/decision.ts';
import type { Config } from './config.ts';

/** A host with everything that is set for it. */
export interface ResolvedHost {
  /** Its name in the configuration, or its URI where it is not there. */
  readonly name: string;
  readonly uri: string;
  /** How other hosts reach it; none where neither the configuration nor the URI says. */
  readonly ways: readonly Way[];
  readonly postCopy: Permission;
  /** Whether memory may be compressed on its way from it and to it; without it: yes. */
  readonly compression?: Permission;
  /** Whether some of its guests' memory may be read to see what it is like; without it: yes. */
  readonly memoryReading?: Permission;
  /** How the memory of guests goes from it and to it; without it as the other host wants it. */
  readonly migrationTls?: MigrationTls | undefined;
  readonly bandwidthBytesPerSecond: number | undefined;
  /** Whether a VM may move to it; without it: yes. */
  readonly arrivals?: Permission;
}

/** The host of this name or URI. A URI that the configuration does not have stands for itself. */
export function resolveHost(config: Config, nameOrUri: string): ResolvedHost {
  const named = namedHost(config, nameOrUri);
  if (named !== undefined) {
    const [name, host] = named;
    return {
      name,
      uri: host.uri,
      ways: waysOf(host),
      postCopy: permission(name, host.postCopy),
      compression: permission(name, host.compression),
      memoryReading: permission(name, host.memoryReading),
      migrationTls: host.migrationTls,
      bandwidthBytesPerSecond: host.bandwidth,
      arrivals: arrivalPermission(name, host.arrivals),
    };
  }
  if (!nameOrUri.includes('://')) throw unknownHost(config, nameOrUri);
  return {
    name: nameOrUri,
    uri: nameOrUri,
    ways: waysOf({ uri: nameOrUri }),
    postCopy: allowed,
    bandwidthBytesPerSecond: undefined,
  };
}

/** By its name at once: this is asked for every decision. */
function namedHost(
  { hosts }: Config,
  nameOrUri: string,
): readonly [name: string, host: Config['hosts'][string]] | undefined {
  const host = Object.hasOwn(hosts, nameOrUri) ? hosts[nameOrUri] : undefined;
  if (host !== undefined) return [nameOrUri, host];
  return Object.entries(hosts).find(([, { uri }]) => uri === nameOrUri);
}

/** The preferred way first; another one goes to the same daemon where it does not say otherwise. */
function waysOf(host: WaySettings): readonly Way[] {
  const { uri, peerUri = peerUriOf(uri), migrationAddress: address, migrationTls } = host;
  const first = peerUri === undefined ? [] : [{ uri: peerUri, address, migrationTls }];
  const others = (host.otherWays ?? []).flatMap((way) => {
    const other = way.peerUri ?? peerUri;
    return other === undefined ? [] : [{ uri: other, address: way.migrationAddress, migrationTls }];
  });
  return [...first, ...others];
}

type WaySettings = Pick<Config['hosts'][string], 'uri'> &
  Partial<
    Pick<Config['hosts'][string], 'peerUri' | 'migrationAddress' | 'migrationTls' | 'otherWays'>
  >;

/** A remote URI means the same host wherever it is used; a local one does not. */
function peerUriOf(uri: string): string | undefined {
  return /^[a-z0-9+]+:\/\/[^/?#]/i.test(uri) ? uri : undefined;
}

/** What an admin's setting of a host says of a mechanism. */
export function permission(name: string, setting: 'allowed' | 'forbidden' | undefined): Permission {
  if (setting !== 'forbidden') return allowed;
  return { allowed: false, because: `the administrator forbids it on ${name}` };
}

function arrivalPermission(name: string, setting: 'open' | 'closed' | undefined): Permission {
  if (setting !== 'closed') return allowed;
  return {
    allowed: false,
    because: `${name} takes no VM in: it is being emptied, or closed (drover undrain ${name} opens it)`,
  };
}

function unknownHost(config: Config, name: string): DroverError {
  const known = Object.keys(config.hosts);
  const hint =
    known.length === 0
      ? 'No host is configured: name one by its libvirt URI, such as qemu+ssh://root@h1/system.'
      : `Configured are ${known.join(', ')}; any other host is named by its libvirt URI.`;
  return new DroverError('host.not-found', `There is no host ${name}`, { hint });
}
