import { ArgumentError } from './errors.ts';
import type { ResultOf } from './protocol/procedures.ts';
import type { ParameterValue, TypedParameter } from './protocol/types.ts';

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly release: number;
  /** Such as `11.1.2`. */
  readonly text: string;
}

/** libvirt counts versions as major * 1,000,000 + minor * 1,000 + release. */
export function version(counted: bigint): Version {
  const count = Number(counted);
  const major = Math.floor(count / 1_000_000);
  const minor = Math.floor(count / 1000) % 1000;
  const release = count % 1000;
  return { major, minor, release, text: `${major}.${minor}.${release}` };
}

export interface NodeInfo {
  readonly cpuModel: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly cpuMhz: number;
  readonly numaNodes: number;
  readonly socketsPerNode: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
}

const kibibyte = 1024;

export function nodeInfo(info: ResultOf<'nodeGetInfo'>): NodeInfo {
  return {
    cpuModel: info.model,
    memoryBytes: Number(info.memoryKiB) * kibibyte,
    cpus: info.cpus,
    cpuMhz: info.mhz,
    numaNodes: info.nodes,
    socketsPerNode: info.sockets,
    coresPerSocket: info.cores,
    threadsPerCore: info.threads,
  };
}

/** The host's memory; what its system does not count is absent. */
export interface NodeMemoryStats {
  readonly totalBytes?: number;
  readonly freeBytes?: number;
  readonly buffersBytes?: number;
  readonly cachedBytes?: number;
}

const memoryFields = new Map<string, keyof NodeMemoryStats>([
  ['total', 'totalBytes'],
  ['free', 'freeBytes'],
  ['buffers', 'buffersBytes'],
  ['cached', 'cachedBytes'],
]);

export function nodeMemoryStats({
  statistics,
}: Pick<ResultOf<'nodeGetMemoryStats'>, 'statistics'>): NodeMemoryStats {
  const stats: { -readonly [K in keyof NodeMemoryStats]: NodeMemoryStats[K] } = {};
  for (const { field, value } of statistics) {
    const property = memoryFields.get(field);
    if (property !== undefined) stats[property] = Number(value) * kibibyte;
  }
  return stats;
}

/** How long the host's processors, all taken together, have done what since it started, ms. */
export interface NodeCpuStats {
  readonly userMs?: number;
  readonly kernelMs?: number;
  readonly idleMs?: number;
  /** Idle, with a disk to wait for. */
  readonly ioWaitMs?: number;
}

const cpuFields = new Map<string, keyof NodeCpuStats>([
  ['user', 'userMs'],
  ['kernel', 'kernelMs'],
  ['idle', 'idleMs'],
  ['iowait', 'ioWaitMs'],
]);
const nsPerMs = 1e6;

export function nodeCpuStats({
  statistics,
}: Pick<ResultOf<'nodeGetCpuStats'>, 'statistics'>): NodeCpuStats {
  const stats: { -readonly [K in keyof NodeCpuStats]: NodeCpuStats[K] } = {};
  for (const { field, value } of statistics) {
    const property = cpuFields.get(field);
    if (property !== undefined) stats[property] = Number(value) / nsPerMs;
  }
  return stats;
}

/** Which hypervisor a question is about; the daemon fills in what is left out. */
export interface GuestKind {
  readonly emulator?: string | undefined;
  readonly architecture?: string | undefined;
  readonly machine?: string | undefined;
  /** Such as `kvm` or `qemu`. */
  readonly virtType?: string | undefined;
}

export function guestKind(kind: GuestKind): Required<GuestKind> {
  const { emulator, architecture, machine, virtType } = kind;
  return { emulator, architecture, machine, virtType };
}

/** How a host's CPU stands to a wanted one. */
export type CpuComparison = 'incompatible' | 'identical' | 'superset';

export function cpuComparison(result: number): CpuComparison {
  if (result === 1) return 'identical';
  return result === 2 ? 'superset' : 'incompatible';
}

const statsGroupBits = {
  state: 0,
  'cpu-total': 1,
  balloon: 2,
  vcpu: 3,
  interface: 4,
  block: 5,
  perf: 6,
  iothread: 7,
  memory: 8,
  'dirty-rate': 9,
  vm: 10,
} as const;

export type StatsGroup = keyof typeof statsGroupBits;

export function statsGroupsWord(groups: readonly StatsGroup[]): number {
  if (groups.length === 0) throw new ArgumentError('name at least one group of statistics');
  return groups.reduce((word, group) => word | (1 << statsGroupBits[group]), 0);
}

/** libvirt's own names, such as `cpu.time`, with values as JavaScript holds them exactly. */
export type StatsMap = ReadonlyMap<string, number | bigint | boolean | string>;

export function statsMap(parameters: readonly TypedParameter[]): StatsMap {
  const stats = new Map<string, ReturnType<typeof plainValue>>();
  for (const { field, value } of parameters) stats.set(field, plainValue(value));
  return stats;
}

function plainValue(parameter: ParameterValue): number | bigint | boolean | string {
  const { value } = parameter;
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
