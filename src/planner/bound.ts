import { leastBytes } from './carry.ts';
import { pathRate, type Ways } from './loads.ts';
import { besidesMs, type Course } from './schedule.ts';
import type { Task } from './wanted.ts';

/**
 * No schedule of these steps ends sooner, ms: every way has to carry what passes it, every VM its own
 * bytes over its own way, one step after another where it hops, and the last one has to land. Bytes are
 * the least that each step can carry (`leastBytes`).
 */
export function boundOfSteps({ fleet, ways, steps, after }: Course): number {
  const busy = new Float64Array(ways.bytesPerSecond.length);
  const ends: number[] = [];
  for (const [index, { vm, from, to }] of steps.entries()) {
    const slowest = pathRate(ways, from, to);
    const one = fleet.vms[vm];
    const carried = one === undefined ? 0 : leastBytes(one, slowest);
    for (const way of ways.between(from, to)) {
      const rate = ways.bytesPerSecond[way] ?? Infinity;
      busy[way] = (busy[way] ?? 0) + (carried * 1000) / rate;
    }
    const start = (after[index] ?? []).reduce(
      (most, before) => Math.max(most, ends[before] ?? 0),
      0,
    );
    ends[index] = start + (carried * 1000) / slowest + besidesMs;
  }
  const busiest = busy.reduce((most, ms) => Math.max(most, ms), 0);
  const longest = ends.reduce((most, ms) => Math.max(most, ms), 0);
  return steps.length === 0 ? 0 : Math.max(busiest + besidesMs, longest);
}

/**
 * No placement and no schedule of what is wanted ends sooner, ms: what leaves a host has to pass its card,
 * and all together the cards of those that may take it in. Bytes as in `boundOfSteps`.
 */
export function boundOfTask({ fleet, jobs }: Task, ways: Ways): number {
  const out = new Float64Array(fleet.hosts.length);
  const goals = new Set<number>();
  let all = 0;
  for (const job of jobs.filter((one) => one.goals.length > 0)) {
    for (const goal of job.goals) goals.add(goal);
    for (const vm of job.vms) {
      const from = fleet.at[vm] ?? -1;
      const one = fleet.vms[vm];
      // Where it need not move it carries nothing.
      if (one === undefined || job.goals.includes(from)) continue;
      const bytes = leastBytes(one, ways.bytesPerSecond[2 * from] ?? Infinity);
      out[from] = (out[from] ?? 0) + bytes;
      all += bytes;
    }
  }
  if (all === 0) return 0;
  let into = 0;
  for (const goal of goals) into += ways.bytesPerSecond[2 * goal + 1] ?? 0;
  const busiest = out.reduce((most, bytes, from) => {
    const rate = ways.bytesPerSecond[2 * from] ?? Infinity;
    return bytes === 0 ? most : Math.max(most, bytes / rate);
  }, all / into);
  return busiest * 1000 + besidesMs;
}
