import type { SamplePhase } from '../../forecast/telemetry.ts';
import type { JobStats } from '../../libvirt/index.ts';
import type { CompletedJob, DomainState, JobReading } from '../port.ts';

/** The statistics of a migration that runs now; `undefined` for anything else. */
export function readingOf(stats: JobStats | undefined, state: DomainState): JobReading | undefined {
  if (stats === undefined || !isRunning(stats) || stats.operation !== 'migration-out') {
    return undefined;
  }
  return {
    elapsedMs: stats.elapsedMs ?? 0,
    expectedDowntimeMs: stats.downtimeMs ?? 0,
    sample: sampleOf(stats, state),
  };
}

function sampleOf(stats: JobStats, state: DomainState): JobReading['sample'] {
  const pageSizeBytes = stats.memoryPageSizeBytes ?? 4096;
  return {
    memoryTotalBytes: stats.memoryTotalBytes ?? 0,
    memoryRemainingBytes: stats.memoryRemainingBytes ?? 0,
    memorySentBytes: stats.memoryProcessedBytes ?? 0,
    normalPages: stats.memoryNormalPages ?? 0,
    constantPages: stats.memoryConstantPages ?? 0,
    pageSizeBytes,
    dirtyRateBytesPerSecond: (stats.memoryDirtyRatePagesPerSecond ?? 0) * pageSizeBytes,
    throughputBytesPerSecond: stats.memoryBytesPerSecond ?? 0,
    iteration: stats.memoryIteration ?? 0,
    throttlePercent: stats.autoConvergeThrottlePercent ?? 0,
    postCopyRequests: stats.memoryPostCopyRequests ?? 0,
    phase: phaseOf(stats, state),
  };
}

export function completedOf(stats: JobStats | undefined): CompletedJob | undefined {
  if (stats?.type !== 'completed' || stats.elapsedMs === undefined) return undefined;
  return {
    totalMs: stats.elapsedMs,
    downtimeMs: stats.downtimeMs,
    sentBytes: stats.memoryProcessedBytes ?? 0,
  };
}

/** A job that holds the domain, in words; `undefined` when it is free. */
export function busyWith(stats: JobStats | undefined): string | undefined {
  if (stats === undefined || !isRunning(stats)) return undefined;
  if (stats.operation === 'migration-out') return 'a migration';
  return stats.operation === 'unknown' ? 'a job' : `a job (${stats.operation})`;
}

function isRunning({ type }: JobStats): boolean {
  return type === 'bounded' || type === 'unbounded';
}

/** Libvirt's statistics do not name the phase: the domain's own state does. */
function phaseOf(stats: JobStats, { reason }: DomainState): SamplePhase {
  if (reason === 'post-copy' || reason === 'post-copy-failed') return 'post-copy';
  return (stats.memoryTotalBytes ?? 0) > 0 ? 'pre-copy' : 'setup';
}
