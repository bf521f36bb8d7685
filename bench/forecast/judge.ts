import type { Prior, Syncing } from '../../src/forecast/prior.ts';
import type { Sample } from '../../src/forecast/telemetry.ts';
import type { MigrationResult } from '../../src/migration/result.ts';
import { defaultMatrix } from '../../src/policy/matrix.ts';
import { rideAlong, type Step } from '../../src/replay/ride-along.ts';
import type { Ending, MigrationCapabilities } from '../../src/steering/decision.ts';
import { foresee } from '../../src/steering/foresee.ts';
import type { Intent, Steersman } from '../../src/steering/steersman.ts';

/** How a migration really went. */
export interface Actual {
  readonly ending: Ending;
  readonly totalMs: number;
  /** `undefined` where it did not arrive. */
  readonly blackoutMs: number | undefined;
  readonly sentBytes: number;
}

/** What was said of the whole migration at some point of the way, beside what became of it. */
export interface Said {
  /** Share of the way that was behind it, 0 to 1. */
  readonly share: number;
  readonly ending: Ending;
  readonly totalMs: number;
  readonly blackoutMs: number;
  readonly bytes: number;
}

/** The forecast of the whole way from a decision on it. */
function saidAt(share: number, { sample, decision }: Step): Said {
  const { ending, forecast } = decision;
  return {
    share,
    ending,
    totalMs: decision.atMs + forecast.timeMs.p50,
    blackoutMs: forecast.blackoutMs.p50,
    bytes: sample.memorySentBytes + forecast.bytes,
  };
}

/** Has a steersman ride along a recorded migration, and asks him at each share of the way. */
export function sayAlong(
  steersman: Steersman,
  capabilities: MigrationCapabilities,
  samples: readonly Sample[],
  totalMs: number,
  shares: readonly number[],
): Said[] {
  const steps = rideAlong(steersman, capabilities, samples);
  return shares.flatMap((share) => {
    const step = steps.find(({ decision }) => decision.atMs >= share * totalMs);
    return step === undefined ? [] : [saidAt(share, step)];
  });
}

/** What is said before the first reading, of what is known then. */
export function sayAtStart(
  intent: Intent,
  capabilities: MigrationCapabilities,
  prior: Prior,
  memoryBytes: number,
): Said {
  const all = { intent, capabilities, matrix: defaultMatrix, prior, memoryBytes };
  const { ending, forecast } = foresee(all).expected;
  return {
    share: 0,
    ending,
    totalMs: forecast.timeMs.p50,
    blackoutMs: forecast.blackoutMs.p50,
    bytes: forecast.bytes,
  };
}

/** How a migration really ended; one that failed is not judged. */
export function endingOf({
  outcome,
  switchedToPostCopy,
  decisions,
}: Pick<MigrationResult, 'outcome' | 'switchedToPostCopy' | 'decisions'>): Ending {
  if (outcome === 'stayed') return 'stay';
  if (outcome !== 'completed') throw new Error(`it ended as ${outcome}`);
  if (switchedToPostCopy) return 'post-copy';
  return decisions.some(({ action }) => action.kind === 'freeze') ? 'freeze' : 'switch-over';
}

/** What these hosts allow, by the bench's own config. */
export function capabilitiesOn(postCopyRecoverable: boolean): MigrationCapabilities {
  const allowed = { allowed: true } as const;
  return { postCopy: allowed, postCopyRecoverable, autoConverge: allowed };
}

/** How QEMU looks for dirty pages, by the suite that it is of. */
export function syncingOf(suite: string): Syncing {
  return suite === 'trixie' ? 'passes' : 'continuous';
}

/** Relative error, as a share of what it really was. */
export function errorOf(said: number, actual: number): number {
  return Math.abs(said - actual) / Math.max(1, actual);
}
