import type { MigrateParameters } from '../../libvirt/index.ts';
import type { MigrateOptions } from '../port.ts';

const mib = 2 ** 20;

/** What a migration is to be, in libvirt's words. */
export function parametersOf(options: MigrateOptions): MigrateParameters {
  const { bandwidthBytesPerSecond: bandwidth, compression, way } = options;
  const { address } = way;
  return {
    postCopy: options.postCopy,
    migrateUri: address === undefined ? undefined : `tcp://${bracketed(address)}`,
    autoConverge: options.autoConverge,
    parallelConnections: compression?.connections,
    compression: compression && { methods: ['zstd'] },
    bandwidthMiBPerSecond:
      bandwidth === undefined ? undefined : Math.max(1, Math.round(bandwidth / mib)),
    persistDestination: options.persistent,
    undefineSource: options.persistent,
  };
}

/** An IPv6 address as a URI writes it. */
function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
