import type { ParameterValue, TypedParameter } from './protocol/types.ts';

const jobTypes = ['none', 'bounded', 'unbounded', 'completed', 'failed', 'cancelled'] as const;

const operations = [
  'unknown',
  'start',
  'save',
  'restore',
  'migration-in',
  'migration-out',
  'snapshot',
  'snapshot-revert',
  'dump',
  'backup',
  'snapshot-delete',
] as const;

/** Every numeric statistic: libvirt's name for it, and ours with its unit. */
const numericFields = {
  time_elapsed: 'elapsedMs',
  time_elapsed_net: 'elapsedNetMs',
  time_remaining: 'remainingMs',
  downtime: 'downtimeMs',
  downtime_net: 'downtimeNetMs',
  setup_time: 'setupMs',
  data_total: 'dataTotalBytes',
  data_processed: 'dataProcessedBytes',
  data_remaining: 'dataRemainingBytes',
  memory_total: 'memoryTotalBytes',
  memory_processed: 'memoryProcessedBytes',
  memory_remaining: 'memoryRemainingBytes',
  memory_bps: 'memoryBytesPerSecond',
  memory_constant: 'memoryConstantPages',
  memory_normal: 'memoryNormalPages',
  memory_normal_bytes: 'memoryNormalBytes',
  memory_dirty_rate: 'memoryDirtyRatePagesPerSecond',
  memory_page_size: 'memoryPageSizeBytes',
  memory_iteration: 'memoryIteration',
  memory_postcopy_requests: 'memoryPostCopyRequests',
  disk_total: 'diskTotalBytes',
  disk_processed: 'diskProcessedBytes',
  disk_remaining: 'diskRemainingBytes',
  disk_bps: 'diskBytesPerSecond',
  disk_temp_used: 'diskTemporaryUsedBytes',
  disk_temp_total: 'diskTemporaryTotalBytes',
  compression_cache: 'compressionCacheBytes',
  compression_bytes: 'compressionBytes',
  compression_pages: 'compressionPages',
  compression_cache_misses: 'compressionCacheMisses',
  compression_overflow: 'compressionOverflows',
  auto_converge_throttle: 'autoConvergeThrottlePercent',
  vfio_data_transferred: 'vfioTransferredBytes',
} as const;

type NumericField = (typeof numericFields)[keyof typeof numericFields];

/**
 * Statistics of a job, as far as the daemon gives them: what it leaves out is absent here. Numbers
 * are exact up to 2^53.
 *
 * `downtimeMs` is the expected pause while a migration runs and the measured one when it is
 * completed. `memoryDirtyRatePagesPerSecond` stays 0 until the hypervisor has looked twice.
 */
export interface JobStats extends Readonly<Partial<Record<NumericField, number>>> {
  readonly type: Exclude<(typeof jobTypes)[number], 'none'> | 'unknown';
  readonly operation: (typeof operations)[number];
  /** Whether a completed job succeeded. */
  readonly success?: boolean;
  readonly errorMessage?: string;
}

/** `undefined` when there is no job. */
export function jobStats(
  type: number,
  parameters: readonly TypedParameter[],
): JobStats | undefined {
  const name = jobTypes[type] ?? 'unknown';
  if (name === 'none') return undefined;
  return { type: name, ...jobFields(parameters) };
}

type JobFields = Omit<JobStats, 'type'>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The statistics without the job's type, as the job-completed event brings them. */
export function jobFields(parameters: readonly TypedParameter[]): JobFields {
  const fields: Writable<JobFields> = { operation: 'unknown' };
  for (const { field, value } of parameters) {
    const property = numericProperty(field);
    if (property !== undefined) fields[property] = numeric(value);
    else if (field === 'operation') fields.operation = operations[numeric(value)] ?? 'unknown';
    else if (field === 'success') fields.success = value.value === true;
    else if (field === 'errmsg') fields.errorMessage = String(value.value);
  }
  return fields;
}

const properties: ReadonlyMap<string, NumericField> = new Map(Object.entries(numericFields));

function numericProperty(field: string): NumericField | undefined {
  return properties.get(field);
}

function numeric(parameter: ParameterValue): number {
  return Number(parameter.value);
}
