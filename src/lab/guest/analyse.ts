import { type Gap, gapsBetween, gapsWithin, longestGap, median, switchOver } from './gaps.ts';
import type { Beat, GuestLog } from './log.ts';
import { findProblems, inTimeOrder, type Problem, verdict } from './problems.ts';

/** The moments of a migration, on the clock that stamped the beats. */
export interface ObservedMigration {
  /** From here to the start the guest was undisturbed: its baseline. By default, from its first beat. */
  readonly undisturbedSinceMs?: number;
  readonly startMs: number;
  /** From here on the guest is where it stays. */
  readonly endMs: number;
  /** The end of the observation. */
  readonly untilMs: number;
}

/** What a migration did to a guest, as the guest itself felt it. */
export interface GuestReport {
  /**
   * The longest silence within a second of the switch-over, or, when the guest did not change
   * hosts, of the whole migration. `undefined`: no beats.
   */
  readonly blackout: Gap | undefined;
  /** Every silence since the migration began that is clearly longer than the baseline's. */
  readonly gaps: readonly Gap[];
  readonly baseline: Baseline;
  /** `undefined` when the guest did no work before the migration. */
  readonly lostWork: LostWork | undefined;
  /** `ok`, or what is wrong with its memory. */
  readonly integrity: string;
  /** The guest has read and checked the whole of its memory since the migration ended. */
  readonly verifiedWhole: boolean;
  /** `ok`, or how it was in two places, or twice in one. */
  readonly onePlace: string;
  /** `ok`, or why the heartbeat itself cannot be fully trusted. */
  readonly heartbeat: string;
  readonly problems: readonly Problem[];
  /** The hosts on which it beat in the last second of the observation. */
  readonly runsOn: readonly string[];
}

/** How the guest was before: what the rest is compared with. */
export interface Baseline {
  readonly beats: number;
  readonly medianGapMs: number;
  /** The jitter of the measurement: no shorter blackout can be told from it. */
  readonly longestGapMs: number;
  readonly pagesPerSecond: number;
}

export interface LostWork {
  /** How long the guest would have worked at its baseline rate for what is missing. */
  readonly seconds: number;
  /** The same as a share of the time from the start to the end of the observation. */
  readonly share: number;
}

const aroundSwitchOverMs = 1_000;
const lastSecondMs = 1_000;
/** A gap is worth naming from this many times the median on, if the baseline had none like it. */
const namedGapFactor = 3;

/** Reads a guest's story. Pure: the same log gives the same report. */
export function analyse(log: GuestLog, migration: ObservedMigration): GuestReport {
  const beats = inTimeOrder(log.beats).filter((beat) => beat.atMs <= migration.untilMs);
  const observed = { ...log, beats };
  const problems = findProblems(observed);
  const gaps = gapsBetween(beats, migration.untilMs);
  const baseline = baselineOf(beats, migration);
  const runsOn = hostsSince(beats, migration.untilMs - lastSecondMs);
  return {
    blackout: blackoutOf(gaps, migration),
    gaps: namedGaps(gaps, baseline, migration),
    baseline,
    lostWork: lostWork(beats, baseline, migration),
    integrity:
      runsOn.length === 0 ? 'unknown: the guest is silent' : verdict(problems, 'integrity'),
    verifiedWhole: isVerifiedWhole(beats, migration.endMs),
    onePlace: verdict(problems, 'onePlace'),
    heartbeat: verdict(problems, 'heartbeat'),
    problems,
    runsOn,
  };
}

function baselineOf(beats: readonly Beat[], migration: ObservedMigration): Baseline {
  const sinceMs = migration.undisturbedSinceMs ?? Number.NEGATIVE_INFINITY;
  const before = beats.filter((beat) => beat.atMs >= sinceMs && beat.atMs <= migration.startMs);
  const lengths = gapsBetween(before, 0)
    .slice(0, -1)
    .map((gap) => gap.ms);
  const [first, last] = [before[0], before.at(-1)];
  const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000;
  const pages = (last?.pages ?? 0) - (first?.pages ?? 0);
  return {
    beats: before.length,
    medianGapMs: median(lengths),
    longestGapMs: lengths.reduce((longest, ms) => Math.max(longest, ms), 0),
    pagesPerSecond: seconds > 0 ? pages / seconds : 0,
  };
}

function blackoutOf(
  gaps: readonly Gap[],
  { startMs, untilMs }: ObservedMigration,
): Gap | undefined {
  const during = gapsWithin(gaps, startMs, untilMs);
  const moved = switchOver(during);
  if (moved === undefined) return longestGap(during);
  const toMs = moved.atMs + moved.ms + aroundSwitchOverMs;
  return longestGap(gapsWithin(during, moved.atMs - aroundSwitchOverMs, toMs));
}

function namedGaps(gaps: readonly Gap[], baseline: Baseline, migration: ObservedMigration): Gap[] {
  const thresholdMs = Math.max(baseline.longestGapMs, baseline.medianGapMs * namedGapFactor);
  return gapsWithin(gaps, migration.startMs, migration.untilMs).filter(
    (gap) => gap.ms > thresholdMs,
  );
}

/** What is missing at the end against the baseline's rate; a guest does not catch up. */
function lostWork(
  beats: readonly Beat[],
  { pagesPerSecond }: Baseline,
  { startMs, untilMs }: ObservedMigration,
): LostWork | undefined {
  const first = beats.findLast((beat) => beat.atMs <= startMs);
  const last = beats.at(-1);
  if (first === undefined || last === undefined || pagesPerSecond <= 0) return undefined;
  const elapsed = (untilMs - first.atMs) / 1000;
  const done = (last.pages - first.pages) / pagesPerSecond;
  const seconds = Math.max(0, elapsed - done);
  return { seconds, share: elapsed > 0 ? seconds / elapsed : 0 };
}

/** A page that is checked after the end counts once: as many checks as pages are a whole round. */
function isVerifiedWhole(beats: readonly Beat[], endMs: number): boolean {
  const first = beats.find((beat) => beat.atMs >= endMs);
  const last = beats.at(-1);
  if (first === undefined || last === undefined) return false;
  return last.scrubbedPages - first.scrubbedPages >= last.ramPages;
}

function hostsSince(beats: readonly Beat[], sinceMs: number): string[] {
  const hosts = beats.filter((beat) => beat.atMs > sinceMs).map((beat) => beat.host);
  return [...new Set(hosts)].toSorted();
}
