import type { Host, MigrateOptions } from '../../src/hypervisor/port.ts';
import { connect, type MigrateParameters } from '../../src/libvirt/index.ts';

/** How the memory of a guest is packed on its way. */
export interface Packing {
  readonly method: 'zstd' | 'xbzrle';
  /** Over so many connections at once; `undefined` where the method has one only. */
  readonly connections: number | undefined;
}

/**
 * The migrate call with its memory packed, over a connection of its own: Drover's port does not have that.
 * Of the rest it takes what the call itself needs. Rejects as libvirt does.
 */
export async function migratePacked(
  source: Host,
  uuid: string,
  { way, autoConverge }: MigrateOptions,
  packing: Packing,
): Promise<void> {
  const connection = await connect(source.address);
  try {
    const domain = await connection.lookupByUuid(uuid);
    await domain.migratePeerToPeer(way.uri, { autoConverge, ...parametersOf(packing) });
  } finally {
    await connection.close();
  }
}

function parametersOf({ method, connections }: Packing): MigrateParameters {
  return { parallelConnections: connections, compression: { methods: [method] } };
}
