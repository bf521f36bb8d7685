/** What is measured, under the name that the table shows. */
export const calls = [
  'hostname',
  'domain state',
  'job stats',
  'domain XML',
  'all-domain stats',
] as const;
export type Call = (typeof calls)[number];

/** One measurement of a client that stays connected. */
export interface Task {
  readonly call: Call;
  /** Calls that are under way at the same time. */
  readonly inFlight: number;
  /** Over how many connections. */
  readonly connections: number;
  readonly seconds: number;
}

export interface Measured {
  readonly callsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** The client's own processor time. */
  readonly cpuUsPerCall?: number;
  /** How much later than it should a timer of the client's own process ran, 99th percentile. */
  readonly loopDelayP99Ms?: number;
}

/** The domains that stand on the host meanwhile; the calls about one domain are about the first. */
export const domainNames = Array.from({ length: 10 }, (_, index) => `bench${index + 1}`);
/** The groups of statistics asked for. */
export const statsGroups = ['state', 'balloon'] as const;

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
