import { weights } from '../steering/harm.ts';
import { boundOfSteps } from './bound.ts';
import type { Random } from './polish.ts';
import { candidateRules, type Rules } from './rules.ts';
import { type Course, follow, type Nudges, type Schedule } from './schedule.ts';

/** Schedules whose makespans are so near each other are told apart by what guests suffer. */
const nearShare = 0.01;
/** So near the bound nothing that is tried later is worth more: the gentlest rules come first. */
const goodEnough = 1.01;

/** A schedule, and what it costs the VMs. */
export interface Weighed extends Schedule {
  /** Time after the deadline, s, by what each VM weighs; 0 where there is none. */
  readonly latenessSeconds: number;
  /** Time during which VMs are being moved, s, by what each VM weighs. */
  readonly exposureSeconds: number;
}

/**
 * The schedule with the least lateness; of those within 1 % of the shortest, the one in which VMs are
 * exposed for the least time. (Harm before makespan would never move two at once.)
 */
export function chooseSchedule(
  course: Course,
  deadlineMs: number | undefined,
  random: Random,
): Weighed {
  const boundMs = boundOfSteps(course);
  const tried: Weighed[] = [];
  for (const rules of candidateRules(course.steps.length, deadlineMs !== undefined)) {
    const schedule = weigh(course, rules, { boundMs, deadlineMs });
    tried.push(schedule);
    const { makespanMs, latenessSeconds } = schedule;
    if (latenessSeconds === 0 && makespanMs <= boundMs * goodEnough) break;
  }
  const better = tryNudges(course, tried, { boundMs, deadlineMs }, random);
  return bestOf([...tried, ...better]);
}

interface Goal {
  readonly boundMs: number;
  readonly deadlineMs: number | undefined;
}

/** To follow a schedule takes time by the square of its steps; this many of these are less than a second's work. */
const mostWork = 2_000_000;
const mostTries = 100;
/** Whose turn it is with so many at once is worth a search; where more run, order matters little. */
const nudgedUpTo = 4;
/** So near the bound a search is not worth its time. */
const nearEnough = 1.02;

/** A local search: the urgency of a few steps is changed at random, and what makes it shorter is kept. */
function tryNudges(
  course: Course,
  tried: readonly Weighed[],
  { boundMs, deadlineMs }: Goal,
  random: Random,
): readonly Weighed[] {
  const steps = course.steps.length;
  if (tried.some(({ makespanMs }) => makespanMs <= boundMs * nearEnough)) return [];
  const open = tried
    .filter(({ rules }) => rules.atOncePerHost <= nudgedUpTo && rules.order === 'busiest-way')
    .toSorted((a, b) => a.makespanMs - b.makespanMs);
  // One at a time gains most from it, however it begins.
  const starts = open.filter(({ rules }, index) => index < 2 || rules.atOncePerHost === 1);
  const tries = Math.min(mostTries, Math.floor(mostWork / Math.max(1, steps) ** 2));
  return starts.map((start) => {
    let best = start;
    let nudges = new Float64Array(steps).fill(1);
    for (let attempt = 0; attempt < tries; attempt += 1) {
      if (best.makespanMs <= boundMs * nearEnough) break;
      const next = nudges.map((one) => (random() < nudgedShare ? 0.5 + random() : one));
      const schedule = weigh(course, start.rules, { boundMs, deadlineMs }, next);
      if (schedule.makespanMs > best.makespanMs) continue;
      best = schedule;
      nudges = next;
    }
    return best;
  });
}

const nudgedShare = 0.15;

function weigh(
  course: Course,
  rules: Rules,
  { boundMs, deadlineMs }: Goal,
  nudges?: Nudges,
): Weighed {
  const schedule = follow(course, rules, boundMs, nudges);
  let latenessSeconds = 0;
  let exposureSeconds = 0;
  for (const [step, { startMs, endMs }] of schedule.timings.entries()) {
    const vm = course.fleet.vms[course.steps[step]?.vm ?? -1];
    const { pause } = weights[vm?.slaClass ?? 'pet'];
    exposureSeconds += (pause * (endMs - startMs)) / 1000;
    latenessSeconds += (pause * Math.max(0, endMs - (deadlineMs ?? Infinity))) / 1000;
  }
  return { ...schedule, latenessSeconds, exposureSeconds };
}

function bestOf(tried: readonly Weighed[]): Weighed {
  const least = Math.min(...tried.map(({ latenessSeconds }) => latenessSeconds));
  const inTime = tried.filter((one) => one.latenessSeconds <= least * (1 + nearShare));
  const shortest = Math.min(...inTime.map(({ makespanMs }) => makespanMs));
  const [best, ...others] = inTime.filter((one) => one.makespanMs <= shortest * (1 + nearShare));
  if (best === undefined) throw new Error('no rules to try');
  return others.reduce(
    (before, one) => (one.exposureSeconds < before.exposureSeconds ? one : before),
    best,
  );
}
