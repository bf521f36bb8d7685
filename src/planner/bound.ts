import { leastBytes } from './carry.ts';
import type { Course } from './course.ts';
import { pathRate, type Ways } from './loads.ts';
import { besidesMs } from './schedule.ts';
import type { Task } from './wanted.ts';

/**
 * No schedule of these steps ends sooner, ms: every way has to carry what passes it, none of that before
 * what it waits for has landed (its head), and none so late that what waits for it has no time left (its
 * tail). For one way that is scheduling one machine with heads and tails, where work may be interrupted:
 * J. R. Jackson's rule is best then (J. Carlier, "The one-machine sequencing problem", 1982). Bytes are the
 * least that each step can carry (`leastBytes`).
 */
export function boundOfSteps(course: Course): number {
  const works = worksOf(course);
  const heads = headsOf(course.after, works);
  const tails = headsOf(mirrored(course.after), works.toReversed()).toReversed();
  const byWay = new Map<number, Passage[]>();
  let most = 0;
  for (const [step, { aloneMs, onWays }] of works.entries()) {
    const [headMs, tailMs] = [heads[step] ?? 0, (tails[step] ?? 0) + besidesMs];
    most = Math.max(most, headMs + aloneMs + tailMs);
    for (const { way, ms } of onWays) {
      const there = byWay.get(way) ?? [];
      byWay.set(way, there);
      there.push({ headMs, ms, tailMs });
    }
  }
  for (const passages of byWay.values()) most = Math.max(most, endOfAll(passages));
  return most;
}

/** What a step needs at the least. */
interface Work {
  /** Where nothing else moves. */
  readonly aloneMs: number;
  /** How long it keeps each of its ways busy. */
  readonly onWays: readonly { readonly way: number; readonly ms: number }[];
}

/** The work of a step on one way, ms. */
interface Passage {
  readonly headMs: number;
  readonly ms: number;
  readonly tailMs: number;
}

function worksOf({ fleet, ways, steps, importance }: Course): readonly Work[] {
  return steps.map(({ vm, from, to }) => {
    const slowest = pathRate(ways, from, to);
    const one = fleet.vms[vm];
    const bytes =
      one === undefined ? 0 : leastBytes(one, slowest, { importance, matrix: fleet.matrix });
    const onWays = ways
      .between(from, to)
      .map((way) => ({ way, ms: (bytes * 1000) / (ways.bytesPerSecond[way] ?? Infinity) }));
    return { aloneMs: (bytes * 1000) / slowest, onWays };
  });
}

/** The earliest start of each step: all that it waits for has passed its ways and landed, ms. */
function headsOf(after: readonly (readonly number[])[], works: readonly Work[]): readonly number[] {
  const heads: number[] = [];
  for (const before of after) {
    let head = 0;
    const byWay = new Map<number, number>();
    const inOrder = before.toSorted((a, b) => (heads[a] ?? 0) - (heads[b] ?? 0));
    for (const step of inOrder) {
      const { aloneMs, onWays } = works[step] ?? { aloneMs: 0, onWays: [] };
      const from = heads[step] ?? 0;
      head = Math.max(head, from + aloneMs + besidesMs);
      for (const { way, ms } of onWays) {
        const end = Math.max(byWay.get(way) ?? 0, from) + ms;
        byWay.set(way, end);
        head = Math.max(head, end + besidesMs);
      }
    }
    heads.push(head);
  }
  return heads;
}

/** The same waiting seen from the end: what waits for a step, all steps in the reverse order. */
function mirrored(after: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const last = after.length - 1;
  const turned: number[][] = after.map(() => []);
  for (const [step, all] of after.entries())
    for (const before of all) turned[last - before]?.push(last - step);
  return turned;
}

/** When all have passed one way and have had their tails, ms: of those that are there the longest tail first. */
function endOfAll(passages: readonly Passage[]): number {
  const coming = passages.toSorted((a, b) => a.headMs - b.headMs);
  const there: { leftMs: number; readonly tailMs: number }[] = [];
  let nowMs = 0;
  let end = 0;
  for (let next = 0; next < coming.length || there.length > 0; ) {
    if (there.length === 0) nowMs = Math.max(nowMs, coming[next]?.headMs ?? 0);
    for (let one = coming[next]; one !== undefined && one.headMs <= nowMs; one = coming[next]) {
      const { ms: leftMs, tailMs } = one;
      const at = there.findIndex((other) => other.tailMs > tailMs);
      there.splice(at < 0 ? there.length : at, 0, { leftMs, tailMs });
      next += 1;
    }
    const first = there.at(-1);
    if (first === undefined) continue;
    const untilMs = Math.min(nowMs + first.leftMs, coming[next]?.headMs ?? Infinity);
    first.leftMs -= untilMs - nowMs;
    nowMs = untilMs;
    if (first.leftMs > instantMs) continue;
    there.pop();
    end = Math.max(end, nowMs + first.tailMs);
  }
  return end;
}

/** What is left of work after all of it was done: time has no more digits. */
const instantMs = 1e-6;

/**
 * No placement and no schedule of what is wanted ends sooner, ms: what leaves a host has to pass its card,
 * and all together the cards of those that may take it in. Bytes as in `boundOfSteps`.
 */
export function boundOfTask({ fleet, jobs, wanted }: Task, ways: Ways): number {
  const out = new Float64Array(fleet.hosts.length);
  const goals = new Set<number>();
  const terms = { importance: wanted.importance, matrix: fleet.matrix };
  let all = 0;
  for (const job of jobs.filter((one) => one.goals.length > 0)) {
    for (const goal of job.goals) goals.add(goal);
    for (const vm of job.vms) {
      const from = fleet.at[vm] ?? -1;
      const one = fleet.vms[vm];
      // Where it need not move it carries nothing.
      if (one === undefined || job.goals.includes(from)) continue;
      const bytes = leastBytes(one, ways.bytesPerSecond[2 * from] ?? Infinity, terms);
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
