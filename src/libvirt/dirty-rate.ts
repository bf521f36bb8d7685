import type { StatsMap } from './host.ts';

/**
 * How to measure: `page-sampling` works everywhere and is coarse; `dirty-bitmap` needs KVM (it can
 * kill an emulated guest); `dirty-ring` needs KVM's dirty ring in the domain's definition.
 */
export type DirtyRateMode = 'page-sampling' | 'dirty-bitmap' | 'dirty-ring';

/** No bit stands for page sampling. */
export const dirtyRateModeFlags = {
  'page-sampling': 0,
  'dirty-bitmap': 1,
  'dirty-ring': 2,
} as const satisfies Record<DirtyRateMode, number>;

const statuses = ['unstarted', 'measuring', 'measured'] as const;

export interface DirtyRate {
  readonly status: (typeof statuses)[number];
  /** When the measurement began, in seconds of the hypervisor's clock: since 1970 in QEMU 11. */
  readonly startedAt?: number;
  /** How long the measurement takes. */
  readonly seconds?: number;
  /** Known when measured; the hypervisor counts in whole MiB/s. */
  readonly bytesPerSecond?: number;
}

const mebibyte = 1024 * 1024;

/** `undefined` when the daemon says nothing of it. */
export function dirtyRate(stats: StatsMap): DirtyRate | undefined {
  const status = statuses[count(stats, 'calc_status') ?? -1];
  if (status === undefined) return undefined;
  const startedAt = count(stats, 'calc_start_time');
  const seconds = count(stats, 'calc_period');
  const mebibytes = count(stats, 'megabytes_per_second');
  return {
    status,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(mebibytes === undefined || status !== 'measured'
      ? {}
      : { bytesPerSecond: mebibytes * mebibyte }),
  };
}

function count(stats: StatsMap, name: string): number | undefined {
  const value = stats.get(`dirtyrate.${name}`);
  return typeof value === 'number' ? value : undefined;
}
