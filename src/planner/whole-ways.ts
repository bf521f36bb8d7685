import type { Course } from './course.ts';
import { type Jobs, jobsOf } from './jobs.ts';
import type { Random } from './polish.ts';
import type { Schedule } from './schedule.ts';
import { Sheet } from './sheet.ts';
import { successorsOf, tailsOf, workOf, worthOf } from './urgency.ts';

/** What a schedule is made for. */
export interface Aim {
  readonly how: string;
  /** Who is put on the sheet first: the more urgent, the higher. */
  readonly urgency: readonly number[];
  /** What it costs that a step lands then; 0: it is in time. */
  cost(step: number, landMs: number): number;
}

/**
 * All land by then, ms. The cost grows by the square: one that is very late is worse than a few that are a little.
 */
export function shortestAim(course: Course, dueMs: number): Aim {
  const work = workOf(course);
  const tails = tailsOf(course, successorsOf(course.after));
  const { ways, steps } = course;
  return {
    how: 'each with its ways to itself, packed for the shortest time',
    urgency: steps.map(({ from, to }, step) => {
      const busy = ways
        .between(from, to)
        .map((way) => (work[way] ?? 0) / (ways.bytesPerSecond[way] ?? Infinity));
      return Math.max(...busy) + (tails[step] ?? 0);
    }),
    cost: (_, landMs) => Math.max(0, landMs - dueMs) ** 2,
  };
}

/** The least lateness, by what each VM weighs. */
export function leastLateAim(
  course: Course,
  deadlineMs: number,
  weightOf: (step: number) => number,
): Aim {
  return {
    how: 'each with its ways to itself, packed for the deadline',
    urgency: course.steps.map((step, index) => worthOf(course, step, index)),
    cost: (step, landMs) => weightOf(step) * Math.max(0, landMs - deadlineMs),
  };
}

/** So many changes are tried: of a large fleet a second's work. */
const triesPerStep = 100;
const mostTries = 20_000;

/**
 * A schedule in which every step has the whole of its ways, so that nothing is carried twice that need not be,
 * and the next one begins when it has passed them: it is like an open shop, where hosts are the machines. From
 * the most urgent first it is bettered by large neighbourhoods (P. Shaw, 1998): a few steps about a late one are
 * taken off the sheet, and put back in another order, each where it can begin earliest.
 */
export function wholeWays(course: Course, aim: Aim, random: Random): Schedule {
  const { jobs, capacity } = jobsOf(course);
  const sheet = new Sheet({ jobs, capacity });
  const order = jobs.map((_, index) => index);
  order.sort((a, b) => (aim.urgency[b] ?? 0) - (aim.urgency[a] ?? 0) || a - b);
  for (const index of order) sheet.place(index);
  better(sheet, neighboursOf({ jobs, capacity }), aim, random);
  const timings = jobs.map(({ bytes, bytesPerSecond }, index) => ({
    startMs: sheet.startMs(index),
    endMs: sheet.landMs(index),
    bytes,
    firstRate: bytesPerSecond,
  }));
  const makespanMs = timings.reduce((most, { endMs }) => Math.max(most, endMs), 0);
  return { how: aim.how, timings, makespanMs };
}

/** For each job, who else uses each thing that it uses, whom it waits for, and who waits for it. */
type Neighbours = readonly (readonly (readonly number[])[])[];

function neighboursOf({ jobs, capacity }: Jobs): Neighbours {
  const users: number[][] = capacity.map(() => []);
  for (const [index, { uses, isUnderWay }] of jobs.entries())
    if (!isUnderWay) for (const { resource } of uses) users[resource]?.push(index);
  const movable = (all: readonly number[]): readonly number[] =>
    all.filter((one) => jobs[one]?.isUnderWay === false);
  return jobs.map(({ uses, before, behind }) =>
    [...uses.map(({ resource }) => users[resource] ?? []), movable(before), movable(behind)].filter(
      (all) => all.length > 0,
    ),
  );
}

function better(sheet: Sheet, neighbours: Neighbours, aim: Aim, random: Random): void {
  const tries = Math.min(mostTries, triesPerStep * sheet.jobs.length);
  for (let tried = 0; tried < tries; tried += 1) {
    const late = lateOf(sheet, aim);
    if (late.length === 0) return;
    const [latest = 0] = late;
    const first = random() < latestShare ? latest : drawn(late, random, latest);
    const chosen = around(first, neighbours, random);
    reorder(sheet, chosen, shuffled(chosen, random), aim);
  }
}

/** Half of all tries are about who costs most: the shortest schedule hangs on that one. */
const latestShare = 0.5;

/** Who costs something and can be moved; the dearest first. */
function lateOf(sheet: Sheet, aim: Aim): readonly number[] {
  const late: number[] = [];
  let most = 0;
  for (const [index, { isUnderWay }] of sheet.jobs.entries()) {
    const cost = isUnderWay ? 0 : aim.cost(index, sheet.landMs(index));
    if (cost > most) {
      most = cost;
      late.unshift(index);
    } else if (cost > 0) late.push(index);
  }
  return late;
}

/** So many are taken off the sheet at once: two at the least. */
const mostAround = 10;
/** So often it is again about the first one, not about one that was drawn before. */
const backShare = 0.3;

/** A job, and a few that have to do with it, or with those. */
function around(first: number, neighbours: Neighbours, random: Random): readonly number[] {
  const chosen = [first];
  const many = 2 + Math.floor(random() * (mostAround - 1));
  for (let tried = 0; chosen.length < many && tried < 3 * many; tried += 1) {
    const about = random() < backShare ? first : drawn(chosen, random, first);
    const one = drawn(drawn(neighbours[about] ?? [], random, []), random, first);
    if (!chosen.includes(one)) chosen.push(one);
  }
  return chosen;
}

function drawn<T>(all: readonly T[], random: Random, none: T): T {
  return all[Math.floor(random() * all.length)] ?? none;
}

/** Puts some back in another order; as they were, where that costs more. */
function reorder(
  sheet: Sheet,
  chosen: readonly number[],
  order: readonly number[],
  aim: Aim,
): void {
  const startsMs = chosen.map((index) => sheet.startMs(index));
  const costOfAll = (): number =>
    chosen.reduce((sum, index) => sum + aim.cost(index, sheet.landMs(index)), 0);
  const before = costOfAll();
  for (const index of chosen) sheet.remove(index);
  if (order.every((index) => sheet.place(index)) && costOfAll() <= before) return;
  for (const index of chosen) sheet.remove(index);
  for (const [place, index] of chosen.entries()) sheet.putBack(index, startsMs[place] ?? 0);
}

function shuffled(all: readonly number[], random: Random): readonly number[] {
  return all
    .map((one) => ({ one, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ one }) => one);
}
