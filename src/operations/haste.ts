import type { Plan, PlannedMove } from '../planner/plan.ts';
import { type Importance, importances } from '../policy/vocabulary.ts';
import type { Course } from './sight.ts';

/**
 * The plan with the least importance, from `least` on, than which no more brings more VMs in time: no more
 * than the deadline asks for, and only where it helps.
 */
export async function asMuchAsNeeded<P extends { readonly plan: Pick<Plan, 'late'> }>(
  least: Importance,
  make: (importance: Importance) => Promise<P>,
): Promise<{ readonly made: P; readonly importance: Importance }> {
  let best = { made: await make(least), importance: least };
  for (const importance of importances.slice(importances.indexOf(least) + 1)) {
    if (best.made.plan.late.length === 0) break;
    const made = await make(importance);
    if (made.plan.late.length < best.made.plan.late.length) best = { made, importance };
  }
  return best;
}

/** What the deadline of one migration follows from. Times are ms since 1970. */
export interface Haste {
  readonly plan: Plan;
  /** When the plan was made. */
  readonly at: number;
  /** Of the whole operation. */
  readonly deadlineAt: number | undefined;
  readonly importance: Importance;
  /** Of the VM. */
  readonly memoryBytes: number;
}

/** Who has put more than this many times its memory on the link sends the same pages again and again. */
const oftenSentTimes = 1.3;

/** Of one that is expected to put more than this on the link, times its memory, it is less than sure that it fits. */
const muchSentTimes = 1.3;

/** Steering keeps so many passes free before a deadline: what it has then is sent once more, with time to spare. */
const passesKept = 2;

/**
 * By when a migration of an operation is to end; `undefined`: there is no hurry. Under a deadline each has
 * its part of what that leaves: who comes first may not take all of it. Without one, where everybody has
 * to leave, who is not expected to fit a switch-over is to be across when its memory was carried once, and who fits
 * one only after it has sent much again is not waited for longer than planned: all who come after it would pay.
 */
export function deadlineOf(
  move: PlannedMove,
  { plan, at, deadlineAt, importance, memoryBytes }: Haste,
): number | undefined {
  const { bytes, startMs, endMs, expected } = move;
  if (deadlineAt !== undefined) {
    const stretch = Math.max(1, (deadlineAt - at) / Math.max(1, plan.makespanMs.p90));
    return Math.min(deadlineAt, Math.round(at + endMs.p90 * stretch));
  }
  if (importance !== 'high') return undefined;
  const onceMs = (endMs.p50 - startMs) * Math.min(1, memoryBytes / bytes);
  if (expected.ending !== 'switch-over') return Math.round(at + startMs + onceMs);
  if (expected.forecast.bytes <= muchSentTimes * memoryBytes) return undefined;
  return Math.round(at + endMs.p50 + passesKept * onceMs);
}

/** Passes that shrink by less than this lead nowhere soon. */
const shrinkingShare = 0.9;

/** Whether a migration under way shows that its guest writes about as fast as it is carried, after much was sent again. */
export function isOutrun(course: Course, memoryBytes: number): boolean {
  const { stage, noReturnAt, sentBytes = 0, dirtyRateBytesPerSecond: written = 0 } = course;
  const { throughputBytesPerSecond: carried = 0 } = course;
  if (stage !== 'live' || noReturnAt !== undefined) return false;
  return sentBytes > oftenSentTimes * memoryBytes && written >= shrinkingShare * carried;
}
