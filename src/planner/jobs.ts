import type { Course } from './course.ts';
import { pathRate } from './loads.ts';
import { besidesMs, follow } from './schedule.ts';
import { type Counters, countersOf, isUnderWay } from './slots.ts';
import type { Use } from './timetable.ts';
import type { Step } from './trial.ts';
import { successorsOf } from './urgency.ts';

/** How a step is carried. */
interface Passage {
  readonly bytes: number;
  /** When it begins. */
  readonly bytesPerSecond: number;
  readonly carryMs: number;
}

/** A step that has the whole of its narrowest way while it is carried. */
export interface Job extends Passage {
  /** What it takes while it is carried, and what until it has landed. */
  readonly uses: readonly Use[];
  /** Jobs that must have landed before it begins. */
  readonly before: readonly number[];
  /** Jobs that wait for it. */
  readonly behind: readonly number[];
  /** It has begun already, and is where it is. */
  readonly isUnderWay: boolean;
}

export interface Jobs {
  readonly jobs: readonly Job[];
  /** How much there is of each resource: of the ways 1, of what is counted how many may be at once. */
  readonly capacity: readonly number[];
}

/** When a job lands that begins then, ms. */
export function landMs({ carryMs }: Job, startMs: number): number {
  return startMs + carryMs + besidesMs;
}

export function jobsOf(course: Course): Jobs {
  const { fleet, ways, steps, after, bytes } = course;
  const behind = successorsOf(after);
  const underWay = passagesUnderWay(course);
  const counters = countersOf(fleet, steps, {
    atOncePerHost: Infinity,
    isMaker: () => false,
    isRestless: (step) => course.restless[step] === true,
  });
  const jobs = steps.map((move, step): Job => {
    const passage = underWay.get(step) ?? passageOf(course, move, bytes[step] ?? 0);
    return {
      ...passage,
      uses: [
        ...usesOfWays(course, move, passage),
        ...usesOfCounters(counters, step, ways.bytesPerSecond.length, passage),
      ],
      before: after[step] ?? [],
      behind: behind[step] ?? [],
      isUnderWay: underWay.has(step),
    };
  });
  return { jobs, capacity: [...ways.bytesPerSecond.map(() => 1), ...counters.most] };
}

function passageOf({ ways }: Course, { from, to }: Step, bytes: number): Passage {
  const bytesPerSecond = pathRate(ways, from, to);
  return { bytes, bytesPerSecond, carryMs: (bytes * 1000) / bytesPerSecond };
}

/**
 * Of each of its ways a step takes as much as its narrowest one carries: so does one that is under way and has less of
 * it now, so that nobody who begins meanwhile slows it down.
 */
function usesOfWays({ ways }: Course, { from, to }: Step, { carryMs }: Passage): readonly Use[] {
  const rate = pathRate(ways, from, to);
  return ways.between(from, to).flatMap((way) => {
    const amount = rate / (ways.bytesPerSecond[way] ?? Infinity);
    return amount > 0 ? [{ resource: way, amount, ms: carryMs }] : [];
  });
}

/** The counters' resources come after the ways'. */
function usesOfCounters(
  { most, of }: Counters,
  step: number,
  ways: number,
  { carryMs }: Passage,
): readonly Use[] {
  return (of[step] ?? [])
    .filter((counter) => most[counter] !== Infinity)
    .map((counter) => ({ resource: ways + counter, amount: 1, ms: carryMs + besidesMs }));
}

/** How what is under way goes on by itself, by step. */
function passagesUnderWay(course: Course): ReadonlyMap<number, Passage> {
  const { fleet, steps, after } = course;
  const underWay = [...steps.entries()].filter(
    ([index, step]) => after[index]?.length === 0 && isUnderWay(fleet, step),
  );
  const only = <T>(all: readonly T[]): readonly T[] =>
    underWay.flatMap(([index]) => all.slice(index, index + 1));
  const alone = {
    ...course,
    steps: only(steps),
    after: only(after),
    bytes: only(course.bytes),
    restless: only(course.restless),
  };
  const rules = { atOncePerHost: Infinity, shares: 'equal', order: 'listed' } as const;
  const { timings } = follow(alone, rules, 0);
  return new Map(
    timings.map(({ endMs, bytes, firstRate }, place) => [
      underWay[place]?.[0] ?? -1,
      { bytes, bytesPerSecond: firstRate, carryMs: endMs - besidesMs },
    ]),
  );
}
