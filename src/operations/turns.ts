import type { Plan, PlannedMove } from '../planner/plan.ts';
import { besidesMs } from '../planner/schedule.ts';

/** What is seen of the migrations of an operation, for whose turn it is next. */
export interface Seen {
  /** When one under way is expected to have arrived, ms since the plan was made; by VM. */
  readonly arrivals: ReadonlyMap<string, number>;
  /** How long each was looked at before it began, ms, in their order. */
  readonly lookedMs: readonly number[];
}

export const nothingSeen: Seen = { arrivals: new Map(), lookedMs: [] };

/** Both hosts of a migration are looked at before it begins: expected to take so long where none has begun yet, ms. */
const usualLookMs = 1_000;
const longestLookMs = 3_000;
/** Of these the shortest counts: one that was longer may have waited for its turn. */
const newestLooks = 5;
/** From its beginning until it sends libvirt prepares it, ms. Seen on the lab: 0.2 to 0.5 s. */
const preparedMs = 500;

/** How long before its time a migration is asked for, so that it sends then, ms. */
function leadOf({ lookedMs }: Seen): number {
  const newest = lookedMs.slice(-newestLooks);
  const lookMs = newest.length === 0 ? usualLookMs : Math.min(...newest, longestLookMs);
  return lookMs + preparedMs;
}

/** What of a plan is asked for by now, so that it begins when its time has come: it waits for nobody. */
export function dueMoves(plan: Plan, sinceMs: number, seen = nothingSeen): readonly PlannedMove[] {
  return freeMoves(plan).filter((move) => dueMs(plan, move, sinceMs, seen) <= sinceMs);
}

/** When the next of a plan is asked for that waits for nobody, ms since it was made; `undefined`: none. */
export function nextDueMs(plan: Plan, sinceMs: number, seen = nothingSeen): number | undefined {
  const later = freeMoves(plan)
    .map((move) => dueMs(plan, move, sinceMs, seen))
    .filter((one) => one > sinceMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

/**
 * Who begins before it is known what they write, while nobody moves: who has used the least processor time is the least
 * likely to write much; of several the first of the plan.
 */
export function headStart(
  plan: Plan,
  cpuMsOf: (vm: string) => number | undefined,
): PlannedMove | undefined {
  if (plan.moves.some(({ running }) => running)) return undefined;
  const used = ({ vm }: PlannedMove): number => cpuMsOf(vm) ?? Number.MAX_VALUE;
  return freeMoves(plan).toSorted((a, b) => used(a) - used(b) || a.startMs - b.startMs)[0];
}

function freeMoves({ moves }: Plan): readonly PlannedMove[] {
  return moves.filter(({ running, after }) => !running && after.length === 0);
}

/** That a migration ends sooner than planned is believed when it has no more to go than this, ms: its guest may go on writing. */
const soonMs = 2_000;

/** As planned, but by as much later, or sooner, as those arrive whose ways it is to have after them. */
function dueMs({ moves }: Plan, move: PlannedMove, sinceMs: number, seen: Seen): number {
  const shifts = moves
    .filter((other) => other.running && isBefore(other, move))
    .map(({ vm, endMs }) => {
      const arrivesMs = seen.arrivals.get(vm) ?? endMs.p50;
      const isBelieved = arrivesMs > endMs.p50 || arrivesMs < sinceMs + soonMs;
      return isBelieved ? arrivesMs - endMs.p50 : 0;
    });
  return move.startMs - leadOf(seen) + (shifts.length === 0 ? 0 : Math.max(...shifts));
}

/** Whether one has passed the ways of another when that begins: the way is free while it lands. */
function isBefore(one: PlannedMove, other: PlannedMove): boolean {
  const meet = [one.from, one.to].some((host) => host === other.from || host === other.to);
  return meet && one.endMs.p50 - besidesMs <= other.startMs + instantMs;
}

/** Times of a plan that differ by less are the same. */
const instantMs = 1;
