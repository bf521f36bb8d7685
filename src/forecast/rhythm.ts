import { median } from './points.ts';
import { expectedOf, type Span, type WorkingSet } from './working-set.ts';

/** A guest that writes in bursts. Times are ms. */
export interface Rhythm {
  /** How long a burst and a quiet last: the middle of those seen whole. */
  readonly burstMs: number;
  readonly quietMs: number;
  /** What it does now, and since when. */
  readonly now: 'burst' | 'quiet';
  readonly sinceMs: number;
}

/** A span with less inflow than this share of the busy ones' is quiet. */
const quietShare = 0.2;
/** What lasts less than this is a pause for breath, not a quiet. */
const shortestMs = 3_000;

interface Spell {
  readonly now: Rhythm['now'];
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The guest's rhythm, where a whole burst and a whole quiet were seen; else `undefined`. */
export function rhythmOf(spans: readonly Span[]): Rhythm | undefined {
  const spells = withoutShort(spellsOf(spans));
  const last = spells.at(-1);
  if (last === undefined) return undefined;
  // The first spell began before it was seen, and the last one goes on.
  const whole = spells.slice(1, -1);
  const burstMs = median(lengths(whole, 'burst'));
  const quietMs = median(lengths(whole, 'quiet'));
  if (burstMs === undefined || quietMs === undefined) return undefined;
  return { burstMs, quietMs, now: last.now, sinceMs: last.fromMs };
}

/** When the next quiet begins, ms; now, where it is quiet. */
export function nextQuietMs(rhythm: Rhythm, nowMs: number): number {
  if (rhythm.now === 'quiet') return nowMs;
  return Math.max(nowMs, rhythm.sinceMs + rhythm.burstMs);
}

function spellsOf(spans: readonly Span[]): Spell[] {
  const rates = spans.map((span) => ({ span, rate: span.inflowBytes / Math.max(1, span.ms) }));
  const busy = rates.map(({ rate }) => rate).toSorted((a, b) => b - a)[
    Math.floor(rates.length / 10)
  ];
  if (busy === undefined) return [];
  return rates.map(({ span, rate }) => ({
    now: rate < busy * quietShare ? 'quiet' : 'burst',
    fromMs: span.endMs - span.ms,
    untilMs: span.endMs,
  }));
}

/** Neighbours of one kind become one spell; what is too short to count takes its neighbour's kind. */
function withoutShort(spells: readonly Spell[]): Spell[] {
  const long = merged(spells).filter(({ fromMs, untilMs }) => untilMs - fromMs >= shortestMs);
  return merged(long);
}

function merged(spells: readonly Spell[]): Spell[] {
  const all: Spell[] = [];
  for (const spell of spells) {
    const before = all.at(-1);
    if (before?.now === spell.now) all.splice(-1, 1, { ...before, untilMs: spell.untilMs });
    else all.push(spell);
  }
  return all;
}

function lengths(spells: readonly Spell[], kind: Rhythm['now']): number[] {
  return spells.filter(({ now }) => now === kind).map(({ fromMs, untilMs }) => untilMs - fromMs);
}

/** A guest that writes this many times more in one stretch than in another is unsteady. */
const unsteadyTimes = 4;

/**
 * Whether it has written much more in one stretch of `ms` than in another, each beside what its curve says of it: while
 * most of a set is dirty already, the same writes make little more of it dirty. Within the first pass it shows nothing:
 * where the set lies is not known, and one that is sent last seems to begin to write then. One that wrote 83 MiB/s
 * all along was waited for through 19 s instead of 10.
 */
export function isUnsteady(
  spans: readonly Span[],
  set: WorkingSet | undefined,
  ms: number,
): boolean {
  if (set === undefined || set.rateBytesPerSecond <= 0) return false;
  let least = Infinity;
  let most = 0;
  let inflow = 0;
  let expected = 0;
  let lasted = 0;
  for (const span of spans) {
    if (span.unsentShare > 0) continue;
    inflow += span.inflowBytes;
    expected += expectedOf(span, set);
    lasted += span.ms;
    if (lasted < ms) continue;
    const times = inflow / Math.max(1, expected);
    least = Math.min(least, times);
    most = Math.max(most, times);
    inflow = 0;
    expected = 0;
    lasted = 0;
  }
  return most > unsteadyTimes * least;
}
