import { weights } from '../steering/harm.ts';
import type { Course } from './course.ts';
import type { Step } from './trial.ts';

/** The steps that wait for each. */
export function successorsOf(after: readonly (readonly number[])[]): number[][] {
  const successors: number[][] = after.map(() => []);
  for (const [step, all] of after.entries()) for (const one of all) successors[one]?.push(step);
  return successors;
}

/** What follows a step at the least, s: the ways of those that wait for it have that to carry after it. */
export function tailsOf(
  { steps, ways, bytes }: Course,
  successors: readonly (readonly number[])[],
): readonly number[] {
  const tails: number[] = [];
  for (let step = steps.length - 1; step >= 0; step -= 1) {
    const busy = new Map<number, number>();
    let longest = 0;
    for (const next of successors[step] ?? []) {
      const move = steps[next];
      if (move === undefined) continue;
      for (const way of ways.between(move.from, move.to)) {
        const seconds = (bytes[next] ?? 0) / (ways.bytesPerSecond[way] ?? Infinity);
        const sum = (busy.get(way) ?? 0) + seconds;
        busy.set(way, sum);
        longest = Math.max(longest, sum, seconds + (tails[next] ?? 0));
      }
    }
    tails[step] = longest;
  }
  return tails;
}

/** What each way has to carry, bytes. */
export function workOf({ ways, steps, bytes }: Course): Float64Array {
  const work = new Float64Array(ways.bytesPerSecond.length);
  for (const [step, { from, to }] of steps.entries())
    for (const way of ways.between(from, to)) work[way] = (work[way] ?? 0) + (bytes[step] ?? 0);
  return work;
}

/** The most worth for its time first: the order of the least weighted lateness on one way (W. E. Smith, 1956). */
export function worthOf({ fleet, bytes }: Course, step: Step, index: number): number {
  const vm = fleet.vms[step.vm];
  return vm === undefined ? 0 : weights[vm.slaClass].loss / Math.max(1, bytes[index] ?? 1);
}
