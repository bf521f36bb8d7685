import { randomFrom } from '../../src/hypervisor/simulated-random.ts';
import { boundOfSteps } from '../../src/planner/bound.ts';
import { chooseSchedule } from '../../src/planner/choose.ts';
import type { Course } from '../../src/planner/course.ts';
import type { Rules } from '../../src/planner/rules.ts';
import { follow } from '../../src/planner/schedule.ts';
import { weights } from '../../src/steering/harm.ts';

/** Drover's own schedules: without a deadline, and with one that comes after half of the bound. */
export const ours = 'drover';
const oursInTime = 'drover, told the deadline';

/** What one way of scheduling makes of the same moves. */
export interface Arm {
  readonly name: string;
  /** Makespan over the bound: 1 is perfect. */
  readonly ratio: number;
  /** When VMs have arrived, s after the bound's half, by what they weigh. */
  readonly latenessSeconds: number;
  /** Time during which VMs are being moved, s, by what they weigh. */
  readonly exposureSeconds: number;
  readonly ms: number;
}

const fifo = (atOncePerHost: number): readonly [string, Rules] => [
  `FIFO, ${atOncePerHost === Infinity ? 'unlimited' : atOncePerHost} at once`,
  { atOncePerHost, shares: 'equal', order: 'listed' },
];

const rivals: readonly (readonly [string, Rules])[] = [
  ...[1, 2, 5, 8, Infinity].map(fifo),
  ['longest first, 1 at once', { atOncePerHost: 1, shares: 'equal', order: 'longest' }],
];

/** Drover's schedules beside those of the rivals, all of the same moves. */
export function armsOf(course: Course): readonly Arm[] {
  const boundMs = boundOfSteps(course);
  const began = performance.now();
  const chosen = chooseSchedule(course, undefined, randomFrom(1));
  const own = armOf(course, ours, chosen, boundMs, performance.now() - began);
  const again = performance.now();
  const inTime = chooseSchedule(course, boundMs / 2, randomFrom(1));
  return [
    own,
    armOf(course, oursInTime, inTime, boundMs, performance.now() - again),
    ...rivals.map(([name, rules]) => {
      const from = performance.now();
      const schedule = follow(course, rules, boundMs);
      return armOf(course, name, schedule, boundMs, performance.now() - from);
    }),
  ];
}

function armOf(
  { fleet, steps }: Course,
  name: string,
  { timings, makespanMs }: ReturnType<typeof follow>,
  boundMs: number,
  ms: number,
): Arm {
  let latenessSeconds = 0;
  let exposureSeconds = 0;
  for (const [index, { startMs, endMs }] of timings.entries()) {
    const { pause } = weights[fleet.vms[steps[index]?.vm ?? -1]?.slaClass ?? 'pet'];
    latenessSeconds += (pause * Math.max(0, endMs - boundMs / 2)) / 1000;
    exposureSeconds += (pause * (endMs - startMs)) / 1000;
  }
  return { name, ratio: makespanMs / boundMs, latenessSeconds, exposureSeconds, ms };
}
