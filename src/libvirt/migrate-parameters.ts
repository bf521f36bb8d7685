import type { ParameterValue, TypedParameter } from './protocol/types.ts';
import { amount, flagsWord } from './words.ts';

export type CompressionMethod = 'xbzrle' | 'mt' | 'zlib' | 'zstd';

/**
 * How a domain migrates. Always live, always carried out by the source's daemon (peer to peer). The
 * maximum downtime is no parameter: set it on the domain before. Which combinations a hypervisor
 * takes depends on its version; it refuses the others with LibvirtError.
 */
export interface MigrateParameters {
  /** Allows a later switch to post-copy. */
  readonly postCopy?: boolean | undefined;
  /** Takes up a broken post-copy again; give the parameters of the first attempt with it. */
  readonly postCopyResume?: boolean | undefined;
  /** Slows the guest's CPUs until it converges, in steps of percent of their time. */
  readonly autoConverge?:
    | {
        readonly initialPercent?: number | undefined;
        readonly incrementPercent?: number | undefined;
      }
    | undefined;
  /** Sends over this many connections at once. */
  readonly parallelConnections?: number | undefined;
  readonly compression?: CompressionParameters | undefined;
  /** Without it the daemon's own limit holds: in effect none. */
  readonly bandwidthMiBPerSecond?: number | undefined;
  readonly postCopyBandwidthMiBPerSecond?: number | undefined;
  /** Bandwidth to reckon with at switch-over (libvirt 11.1, QEMU 8.2). */
  readonly switchOverBandwidthMiBPerSecond?: number | undefined;
  /** Copies disks that the hosts do not share; `incremental` keeps a common base image. */
  readonly nonSharedDisks?: 'full' | 'incremental' | undefined;
  /** Which disks are copied, by target name; without it all writable ones. */
  readonly migrateDisks?: readonly string[] | undefined;
  readonly disksPort?: number | undefined;
  readonly disksUri?: string | undefined;
  /** Writes go to both copies of a disk before they are confirmed. */
  readonly synchronousDiskWrites?: boolean | undefined;
  /** Encrypts the migration's own stream. */
  readonly tls?: { readonly destinationName?: string | undefined } | undefined;
  readonly persistDestination?: boolean | undefined;
  readonly undefineSource?: boolean | undefined;
  /** Leaves the domain paused at the destination. */
  readonly paused?: boolean | undefined;
  /** Keeps others from changing the domain's definition meanwhile. */
  readonly changeProtection?: boolean | undefined;
  /** Migrates even where libvirt fears for the disks' integrity. */
  readonly unsafe?: boolean | undefined;
  /** Stops when the guest meets an I/O error. */
  readonly abortOnError?: boolean | undefined;
  readonly zeroCopy?: boolean | undefined;
  /** The domain as it shall run at the destination. */
  readonly destinationXml?: string | undefined;
  /** The definition that is kept at the destination. */
  readonly persistentXml?: string | undefined;
  /** The domain's name at the destination. */
  readonly destinationName?: string | undefined;
  /** Where the memory goes, such as `tcp://10.0.0.2`; without it the destination says so. */
  readonly migrateUri?: string | undefined;
  readonly listenAddress?: string | undefined;
}

export interface CompressionParameters {
  readonly methods: readonly CompressionMethod[];
  readonly xbzrleCacheBytes?: number | undefined;
  readonly multithreadLevel?: number | undefined;
  readonly multithreadThreads?: number | undefined;
  readonly multithreadDecompressThreads?: number | undefined;
  readonly zlibLevel?: number | undefined;
  readonly zstdLevel?: number | undefined;
}

/** Bits of the flags word. */
const flagBits = {
  live: 0,
  peerToPeer: 1,
  persistDestination: 3,
  undefineSource: 4,
  paused: 5,
  nonSharedDisk: 6,
  nonSharedIncremental: 7,
  changeProtection: 8,
  unsafe: 9,
  compressed: 11,
  abortOnError: 12,
  autoConverge: 13,
  postCopy: 15,
  tls: 16,
  parallel: 17,
  synchronousDiskWrites: 18,
  postCopyResume: 19,
  zeroCopy: 20,
} as const;

/** The flags word of a live peer-to-peer migration. */
export function migrateFlags(p: MigrateParameters): number {
  return flagsWord([
    [flagBits.live, true],
    [flagBits.peerToPeer, true],
    [flagBits.persistDestination, p.persistDestination],
    [flagBits.undefineSource, p.undefineSource],
    [flagBits.paused, p.paused],
    [flagBits.nonSharedDisk, p.nonSharedDisks === 'full'],
    [flagBits.nonSharedIncremental, p.nonSharedDisks === 'incremental'],
    [flagBits.changeProtection, p.changeProtection],
    [flagBits.unsafe, p.unsafe],
    [flagBits.compressed, p.compression !== undefined],
    [flagBits.abortOnError, p.abortOnError],
    [flagBits.autoConverge, p.autoConverge !== undefined],
    [flagBits.postCopy, p.postCopy],
    [flagBits.tls, p.tls !== undefined],
    [flagBits.parallel, p.parallelConnections !== undefined],
    [flagBits.synchronousDiskWrites, p.synchronousDiskWrites],
    [flagBits.postCopyResume, p.postCopyResume],
    [flagBits.zeroCopy, p.zeroCopy],
  ]);
}

/** The typed parameters of a migration, each of the type that libvirt expects. */
export function migrateTypedParameters(p: MigrateParameters): TypedParameter[] {
  return [
    ...text('migrate_uri', p.migrateUri),
    ...text('destination_name', p.destinationName),
    ...text('destination_xml', p.destinationXml),
    ...text('persistent_xml', p.persistentXml),
    ...text('listen_address', p.listenAddress),
    ...text('tls.destination', p.tls?.destinationName),
    ...text('disks_uri', p.disksUri),
    ...int('disks_port', p.disksPort),
    ...(p.migrateDisks ?? []).flatMap((disk) => text('migrate_disks', disk)),
    ...wide('bandwidth', p.bandwidthMiBPerSecond),
    ...wide('bandwidth.postcopy', p.postCopyBandwidthMiBPerSecond),
    ...wide('bandwidth.avail.switchover', p.switchOverBandwidthMiBPerSecond),
    ...int('auto_converge.initial', p.autoConverge?.initialPercent),
    ...int('auto_converge.increment', p.autoConverge?.incrementPercent),
    ...int('parallel.connections', p.parallelConnections),
    ...compressionTypedParameters(p.compression),
  ];
}

function compressionTypedParameters(c: CompressionParameters | undefined): TypedParameter[] {
  if (c === undefined) return [];
  return [
    ...c.methods.flatMap((method) => text('compression', method)),
    ...int('compression.mt.level', c.multithreadLevel),
    ...int('compression.mt.threads', c.multithreadThreads),
    ...int('compression.mt.dthreads', c.multithreadDecompressThreads),
    ...wide('compression.xbzrle.cache', c.xbzrleCacheBytes),
    ...int('compression.zlib.level', c.zlibLevel),
    ...int('compression.zstd.level', c.zstdLevel),
  ];
}

function text(field: string, value: string | undefined): TypedParameter[] {
  return value === undefined ? [] : [parameter(field, { type: 'string', value })];
}

function int(field: string, value: number | undefined): TypedParameter[] {
  return value === undefined ? [] : [parameter(field, { type: 'int', value })];
}

function wide(field: string, value: number | undefined): TypedParameter[] {
  if (value === undefined) return [];
  return [parameter(field, { type: 'ullong', value: amount(value, field) })];
}

function parameter(field: string, value: ParameterValue): TypedParameter {
  return { field, value };
}
