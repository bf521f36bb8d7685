import { weights } from '../steering/harm.ts';
import { boundOfSteps } from './bound.ts';
import type { Course } from './course.ts';
import type { Random } from './polish.ts';
import { candidateRules } from './rules.ts';
import { follow, type Schedule } from './schedule.ts';
import { leastLateAim, shortestAim, wholeWays } from './whole-ways.ts';

/** Schedules whose makespans are so near each other are told apart by what guests suffer. */
const nearShare = 0.01;
/** No forecast is surer than a second, or than this share of a short plan. */
const unsureMs = 1_000;
const unsureShare = 0.05;
/** So near the bound nothing that is tried later is worth more: the gentlest schedule comes first. */
const goodEnough = 1.02;
/** So near the bound a schedule is not packed more tightly. */
const packedEnough = 1.005;

/** A schedule, and what it costs the VMs. */
export interface Weighed extends Schedule {
  /** Time after the deadline, s, by what each VM weighs; 0 where there is none. */
  readonly latenessSeconds: number;
  /** Time during which VMs are being moved, s, by what each VM weighs. */
  readonly exposureSeconds: number;
}

/**
 * The schedule with the least lateness; of those within 1 % of the shortest, or a second, the one in which VMs are
 * exposed for the least time. (Harm before makespan would never move two at once.)
 */
export function chooseSchedule(
  course: Course,
  deadlineMs: number | undefined,
  random: Random,
): Weighed {
  const boundMs = boundOfSteps(course);
  const tried: Weighed[] = [];
  for (const schedule of schedulesOf(course, boundMs, deadlineMs, random)) {
    const weighed = weigh(course, schedule, deadlineMs);
    tried.push(weighed);
    if (weighed.latenessSeconds === 0 && weighed.makespanMs <= boundMs * goodEnough) break;
  }
  return bestOf(tried);
}

/** What is tried, the gentlest first. */
function* schedulesOf(
  course: Course,
  boundMs: number,
  deadlineMs: number | undefined,
  random: Random,
): Generator<Schedule> {
  yield wholeWays(course, shortestAim(course, boundMs * packedEnough), random);
  if (deadlineMs !== undefined)
    yield wholeWays(
      course,
      leastLateAim(course, deadlineMs, (step) => pauseWeightOf(course, step)),
      random,
    );
  for (const rules of candidateRules(deadlineMs !== undefined))
    yield follow(course, rules, boundMs);
}

function weigh(course: Course, schedule: Schedule, deadlineMs = Infinity): Weighed {
  let latenessSeconds = 0;
  let exposureSeconds = 0;
  for (const [step, { startMs, endMs }] of schedule.timings.entries()) {
    const pause = pauseWeightOf(course, step);
    exposureSeconds += (pause * (endMs - startMs)) / 1000;
    latenessSeconds += (pause * Math.max(0, endMs - deadlineMs)) / 1000;
  }
  return { ...schedule, latenessSeconds, exposureSeconds };
}

function pauseWeightOf({ fleet, steps }: Course, step: number): number {
  return weights[fleet.vms[steps[step]?.vm ?? -1]?.slaClass ?? 'pet'].pause;
}

function nearBy(makespanMs: number): number {
  return Math.max(makespanMs * nearShare, Math.min(makespanMs * unsureShare, unsureMs));
}

function bestOf(tried: readonly Weighed[]): Weighed {
  const least = Math.min(...tried.map(({ latenessSeconds }) => latenessSeconds));
  const inTime = tried.filter((one) => one.latenessSeconds <= least * (1 + nearShare));
  const shortest = Math.min(...inTime.map(({ makespanMs }) => makespanMs));
  const [best, ...others] = inTime.filter(
    ({ makespanMs }) => makespanMs <= shortest + nearBy(shortest),
  );
  if (best === undefined) throw new Error('no rules to try');
  return others.reduce(
    (before, one) => (one.exposureSeconds < before.exposureSeconds ? one : before),
    best,
  );
}
