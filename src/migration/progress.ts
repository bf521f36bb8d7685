import type { Sample } from '../forecast/telemetry.ts';
import type { Expectation } from '../steering/decision.ts';

/** What a person watching a migration sees. Percent never falls, and is 100 only at the end. */
export interface Progress {
  readonly phase: Sample['phase'];
  readonly percent: number;
  readonly elapsedMs: number;
  readonly sentBytes: number;
  readonly remainingBytes: number;
  readonly dirtyRateBytesPerSecond: number;
  readonly bandwidthBytesPerSecond: number;
  readonly throttlePercent: number;
  /** Time to go as forecast; `undefined` while nothing says that it ends. */
  readonly etaMs: number | undefined;
}

/** The most that is shown while the guest has not arrived. */
const highestUnfinishedPercent = 99;

/** When the guest is expected to arrive, ms from now; `undefined`: it is not, as things are. */
export function arrivesInMs({ ending, forecast }: Expectation): number | undefined {
  return ending === 'stay' || ending === 'open' ? undefined : forecast.timeMs.p50;
}

/** How long the rest takes at the rate that was last seen; `undefined` where none was. */
export function restMs(
  now: Sample,
  before: Pick<Sample, 'throughputBytesPerSecond'> | undefined,
): number | undefined {
  const rates = [now, before].map((sample) => sample?.throughputBytesPerSecond ?? 0);
  const rate = rates.find((one) => one > 0);
  return rate === undefined ? undefined : (now.memoryRemainingBytes / rate) * 1000;
}

/**
 * The next progress after `previous`. The share done is time passed over time in all: bytes would
 * run backwards with every pass over memory that was written again.
 */
export function progressAfter(
  previous: Progress | undefined,
  sample: Sample,
  etaMs: number | undefined,
): Progress {
  const eta = etaMs !== undefined && Number.isFinite(etaMs) ? Math.max(0, etaMs) : undefined;
  const share = eta === undefined ? 0 : sample.atMs / Math.max(1, sample.atMs + eta);
  const now = Math.min(highestUnfinishedPercent, Math.max(0, share * 100));
  return {
    phase: sample.phase,
    percent: Math.max(previous?.percent ?? 0, now),
    elapsedMs: sample.atMs,
    sentBytes: Math.max(previous?.sentBytes ?? 0, sample.memorySentBytes),
    remainingBytes: sample.memoryRemainingBytes,
    dirtyRateBytesPerSecond: sample.dirtyRateBytesPerSecond,
    bandwidthBytesPerSecond: sample.throughputBytesPerSecond,
    throttlePercent: sample.throttlePercent,
    etaMs: eta,
  };
}
