import { median } from './gaps.ts';
import type { Beat, GuestLog } from './log.ts';

/** What can be wrong with a guest's story, and which of its verdicts it spoils. */
const verdictOf = {
  /** A page, or the sum over all, was not as the guest had left it. */
  'memory-damaged': 'integrity',
  /** A counter in its memory went back to an earlier value. */
  'progress-went-back': 'integrity',
  /** Beats of two hosts contradict each other. */
  'two-places': 'onePlace',
  /** On one host it lived through the same moment twice, or started anew. */
  'went-back': 'onePlace',
  /** Beats are missing that no torn line accounts for. */
  'sequence-jump': 'heartbeat',
  'torn-line': 'heartbeat',
  /** Its clock ran ahead of the observer's. */
  'clock-ahead': 'heartbeat',
} as const;

export type ProblemKind = keyof typeof verdictOf;
export type Verdict = (typeof verdictOf)[ProblemKind];

export interface Problem {
  readonly kind: ProblemKind;
  readonly message: string;
  /** On the observer's clock. */
  readonly atMs: number;
}

/** An observer that reads several files at once sees their lines in any order within this time. */
const disorderMs = 100;
/** How much a stamp can be late, and how much two clocks drift apart while that is noticed. */
const clockToleranceMs = 250;
/** So many beats are judged by as many before them. */
const clockBlock = 50;

/** The problems that spoil a verdict, in words; `ok` when there are none. */
export function verdict(problems: readonly Problem[], on: Verdict): string {
  const messages = problems
    .filter((problem) => verdictOf[problem.kind] === on)
    .map((problem) => problem.message);
  return messages.length === 0 ? 'ok' : [...new Set(messages)].join('; ');
}

/** Everything that contradicts an undisturbed guest on one host at a time. */
export function findProblems(log: GuestLog): Problem[] {
  const byTime = inTimeOrder(log.beats);
  const bySequence = firstOfEach(byTime.toSorted((a, b) => a.seq - b.seq));
  return [
    ...damagedMemory(log, byTime),
    ...progressWentBack(bySequence),
    ...contradictions(byTime),
    ...missingBeats(log, bySequence),
    ...tornLines(log),
    ...clockAhead(bySequence),
  ].toSorted((a, b) => a.atMs - b.atMs);
}

/** Beats that were read at once stand in the guest's own order. */
export function inTimeOrder(beats: readonly Beat[]): Beat[] {
  return beats.toSorted((a, b) => a.atMs - b.atMs || a.seq - b.seq);
}

function firstOfEach(sorted: readonly Beat[]): Beat[] {
  return sorted.filter((beat, index) => beat.seq !== sorted[index - 1]?.seq);
}

function damagedMemory(log: GuestLog, beats: readonly Beat[]): Problem[] {
  const counted = beats.find((beat) => beat.errors > 0);
  const [first] = log.damages;
  const atMs = first?.atMs ?? counted?.atMs;
  if (atMs === undefined) return [];
  const count = Math.max(log.damages.length, ...beats.map((beat) => beat.errors));
  const what =
    first === undefined
      ? 'the guest does not say which'
      : first.found === 'sum'
        ? `first: the sum over all pages is ${first.foundStamp} and should be ${first.expectedStamp}`
        : `first: page ${first.page}, sectors ${first.badSectors.toString(2)}, found by ${first.found} on ${first.host}`;
  return [{ kind: 'memory-damaged', message: `${count} damaged in memory (${what})`, atMs }];
}

const counters = ['guestMs', 'pages', 'laps', 'errors', 'scrubLap', 'scrubbedPages'] as const;

function progressWentBack(bySequence: readonly Beat[]): Problem[] {
  return pairs(bySequence).flatMap(([before, beat]) => {
    const back = counters.find((counter) => beat[counter] < before[counter]);
    if (back === undefined) return [];
    const message = `${back} went back from ${before[back]} to ${beat[back]} at beat ${beat.seq} on ${beat.host}`;
    return [{ kind: 'progress-went-back', message, atMs: beat.atMs }] as const;
  });
}

/** One guest in one place says each number once, and higher ones later. */
function contradictions(byTime: readonly Beat[]): Problem[] {
  const found = new Map<string, Problem>();
  let told = new Telling();
  for (const beat of byTime) {
    if (beat.seq === 0 && told.hasBegun) {
      told = new Telling();
      const message = `it started anew on ${beat.host}`;
      found.set(message, { kind: 'went-back', message, atMs: beat.atMs });
    }
    const before = told.contradicts(beat);
    told.add(beat);
    if (before === undefined) continue;
    const problem = contradiction(before, beat);
    if (!found.has(problem.message)) found.set(problem.message, problem);
  }
  return [...found.values()];
}

/** What a guest has said since it started, in the order of time. */
class Telling {
  readonly #seen = new Map<number, Beat>();
  /** Beats so recent that others, read in the wrong order, may still belong before them. */
  #recent: Beat[] = [];
  #highestSettled: Beat | undefined;

  get hasBegun(): boolean {
    return this.#seen.size > 0;
  }

  /** The beat that the same guest cannot have given as well as this one. */
  contradicts(beat: Beat): Beat | undefined {
    this.#settle(beat.atMs - disorderMs);
    const highest = this.#highestSettled;
    const isLate = highest !== undefined && highest.seq > beat.seq;
    return this.#seen.get(beat.seq) ?? (isLate ? highest : undefined);
  }

  add(beat: Beat): void {
    this.#seen.set(beat.seq, beat);
    this.#recent.push(beat);
  }

  #settle(beforeMs: number): void {
    const first = this.#recent.findIndex((beat) => beat.atMs >= beforeMs);
    const settled = this.#recent.splice(0, first === -1 ? this.#recent.length : first);
    for (const beat of settled) {
      if (beat.seq > (this.#highestSettled?.seq ?? -1)) this.#highestSettled = beat;
    }
  }
}

function contradiction(before: Beat, beat: Beat): Problem {
  if (before.host !== beat.host) {
    const hosts = [before.host, beat.host].toSorted().join(' and ');
    return { kind: 'two-places', message: `it ran on ${hosts} at once`, atMs: beat.atMs };
  }
  return { kind: 'went-back', message: `it went back on ${beat.host}`, atMs: beat.atMs };
}

function missingBeats(log: GuestLog, bySequence: readonly Beat[]): Problem[] {
  const jumps = pairs(bySequence).filter(([before, beat]) => beat.seq > before.seq + 1);
  const missing = jumps.reduce((sum, [before, beat]) => sum + beat.seq - before.seq - 1, 0);
  const [first] = jumps;
  if (first === undefined || missing <= log.torn.length) return [];
  const [before, beat] = first;
  const message = `${missing} beats are missing (first: from ${before.seq} to ${beat.seq} on ${beat.host})`;
  return [{ kind: 'sequence-jump', message, atMs: beat.atMs }];
}

function tornLines({ torn }: GuestLog): Problem[] {
  const [first] = torn;
  if (first === undefined) return [];
  const message = `${torn.length} torn lines (first on ${first.host}: ${JSON.stringify(first.text.slice(0, 60))})`;
  return [{ kind: 'torn-line', message, atMs: first.atMs }];
}

/**
 * The guest's clock stands still while the guest does, so it falls behind the observer's; it can
 * never gain on it, except by what a stamp was late. Of beats that were read at once, because the
 * observer was busy, only the last is not late.
 */
function clockAhead(bySequence: readonly Beat[]): Problem[] {
  const prompt = bySequence.filter((beat, index) => beat.atMs !== bySequence[index + 1]?.atMs);
  for (let start = clockBlock; start < prompt.length; start += clockBlock) {
    const usual = median(prompt.slice(start - clockBlock, start).map(behindMs));
    const block = prompt.slice(start, start + clockBlock);
    const beat = block.find((each) => usual - behindMs(each) > clockToleranceMs);
    if (beat === undefined) continue;
    const gainedMs = Math.round(usual - behindMs(beat));
    const message = `the guest's clock gained ${gainedMs} ms by beat ${beat.seq} on ${beat.host}`;
    return [{ kind: 'clock-ahead', message, atMs: beat.atMs }];
  }
  return [];
}

function behindMs(beat: Beat): number {
  return beat.atMs - beat.guestMs;
}

function pairs(beats: readonly Beat[]): (readonly [Beat, Beat])[] {
  return beats.slice(1).flatMap((beat, index) => {
    const before = beats[index];
    return before === undefined ? [] : [[before, beat] as const];
  });
}
