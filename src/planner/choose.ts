import { weights } from '../steering/harm.ts';
import { boundOfSteps } from './bound.ts';
import { candidateRules, type Rules } from './rules.ts';
import { type Course, follow, type Schedule } from './schedule.ts';

/** Schedules whose makespans are so near each other are told apart by what guests suffer. */
const nearShare = 0.02;
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
 * The schedule with the least lateness; of those within 2 % of the shortest, the one in which VMs are
 * exposed for the least time. (Harm before makespan would never move two at once.)
 */
export function chooseSchedule(course: Course, deadlineMs: number | undefined): Weighed {
  const boundMs = boundOfSteps(course);
  const tried: Weighed[] = [];
  for (const rules of candidateRules(course.steps.length, deadlineMs !== undefined)) {
    const schedule = weigh(course, rules, boundMs, deadlineMs);
    tried.push(schedule);
    const { makespanMs, latenessSeconds } = schedule;
    if (latenessSeconds === 0 && makespanMs <= boundMs * goodEnough) break;
  }
  return bestOf(tried);
}

function weigh(
  course: Course,
  rules: Rules,
  boundMs: number,
  deadlineMs: number | undefined,
): Weighed {
  const schedule = follow(course, rules, boundMs);
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
