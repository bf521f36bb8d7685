import { harmOf } from '../steering/harm.ts';
import { boundOfSteps, boundOfTask } from './bound.ts';
import { bytesToCarry, converges } from './carry.ts';
import { chooseSchedule, type Weighed } from './choose.ts';
import type { Course } from './course.ts';
import { type Obstacle, obstaclesOf } from './explain.ts';
import { type Fleet, fleetOf, termsOf } from './fleet.ts';
import { placeGreedily } from './greedy.ts';
import type { Inventory } from './inventory.ts';
import { Loads, pathRate, type Ways, waysOf } from './loads.ts';
import { Occupancy } from './occupancy.ts';
import { lookAhead, type MoveOutlook } from './outlook.ts';
import { type BytesOf, isDone } from './placing.ts';
import { polish, type Random } from './polish.ts';
import { precedenceOf } from './precedence.ts';
import { searchPlacements } from './search.ts';
import type { Step } from './trial.ts';
import { type Task, taskOf, type Wanted } from './wanted.ts';
import { whyMoved } from './why-moved.ts';

/** One move of a plan. Times are ms from now. */
export interface PlannedMove {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
  /** Whether it moves already. */
  readonly running: boolean;
  /** Moves that must have ended before, by their place in the plan. */
  readonly after: readonly number[];
  readonly startMs: number;
  readonly endMs: { readonly p50: number; readonly p90: number };
  readonly bytes: number;
  /** What it has of the way when it begins, bytes/s. */
  readonly shareBytesPerSecond: number;
  readonly expected: MoveOutlook;
}

/** A VM that is not where it is wanted after all moves, and what is in its way. */
export interface Remaining {
  readonly vm: string;
  readonly host: string;
  readonly obstacles: readonly Obstacle[];
}

export interface Plan {
  /** In an order in which they can be taken one by one; `after` says what they need at least. */
  readonly moves: readonly PlannedMove[];
  readonly remaining: readonly Remaining[];
  readonly makespanMs: { readonly p50: number; readonly p90: number };
  /** No schedule of these moves ends sooner. */
  readonly boundMs: number;
  /** No placement ends sooner, whatever the moves. */
  readonly placementBoundMs: number;
  /** How much longer than the bound of its own moves it takes: 0.03 is 3 %. */
  readonly gap: number;
  /** How the schedule was made, in words. */
  readonly schedule: string;
  /** What all guests suffer together, in the unit of every choice: ms of blackout of a pet. */
  readonly harm: number;
  /** Time after the deadline, s, by what each VM weighs. */
  readonly latenessSeconds: number;
  /** VMs that arrive after the deadline, by the p50. */
  readonly late: readonly string[];
}

export interface PlanOptions {
  readonly random: Random;
  /** Where VMs are better to go, as somebody else has found: host by VM. Taken where it can be. */
  readonly suggested?: Readonly<Record<string, string>>;
}

/**
 * Who goes where, in which order, how many at once and with which share. A pure function: of the same
 * arguments it makes the same plan, and asked again with the inventory as it has become it plans what
 * is left. Throws a RangeError that names what the inventory does not have.
 */
export function planMoves(inventory: Inventory, wanted: Wanted, options: PlanOptions): Plan {
  const { task, course, occupancy } = placeMoves(inventory, wanted, options);
  const schedule = chooseSchedule(course, wanted.deadlineMs, options.random);
  return planOf(task, course, schedule, occupancy, boundOfTask(task, course.ways));
}

/** A plan without its schedule: the moves, what they wait for, and who is where after them. */
export function placeMoves(
  inventory: Inventory,
  wanted: Wanted,
  options: PlanOptions,
): { readonly task: Task; readonly course: Course; readonly occupancy: Occupancy } {
  const fleet = fleetOf(inventory);
  const task = taskOf(fleet, wanted);
  const ways = waysOf(fleet);
  const bytesOf = bytesOver(fleet, ways, wanted);
  const { steps, occupancy } = stepsFor(task, ways, bytesOf, options);
  const course = {
    fleet,
    ways,
    steps,
    after: precedenceOf(fleet, steps),
    importance: wanted.importance,
    bytes: steps.map(({ vm, from, to }) => bytesOf(vm, from, to)),
    restless: steps.map(({ vm, from, to }) => {
      const one = fleet.vms[vm];
      const half = pathRate(ways, from, to) / 2;
      return one !== undefined && !converges(one, half, wanted.importance, fleet.matrix);
    }),
  };
  return { task, course, occupancy };
}

function stepsFor(
  task: Task,
  ways: Ways,
  bytesOf: BytesOf,
  { random, suggested = {} }: PlanOptions,
): { readonly steps: readonly Step[]; readonly occupancy: Occupancy } {
  const { fleet } = task;
  const landed = landing(fleet);
  const boundSeconds = boundOfTask(task, ways) / 1000;
  const placing = {
    task,
    occupancy: landed.occupancy.copy(),
    loads: new Loads(ways),
    bytesOf,
    boundSeconds,
  };
  const greedy = placeGreedily(placing, preferences(fleet, suggested)).steps;
  const undone = undoneAfter(task, placing.occupancy);
  if (undone === 0) return ended(landed, polish(placing, greedy, random));
  const found = searchPlacements(task, landed.occupancy);
  const searched = applied(landed.occupancy, found);
  return undoneAfter(task, searched) < undone ? ended(landed, found) : ended(landed, greedy);
}

interface Landed {
  readonly occupancy: Occupancy;
  readonly steps: readonly Step[];
}

/** What moves already ends first. */
function landing(fleet: Fleet): Landed {
  const occupancy = new Occupancy(fleet);
  const steps = fleet.vms.flatMap(({ moving }, vm) => {
    const to = fleet.hostIndex.get(moving?.to ?? '');
    if (to === undefined) return [];
    const from = occupancy.hostOf(vm);
    occupancy.land(vm, to);
    return [{ vm, from, to }];
  });
  return { occupancy, steps };
}

function ended(landed: Landed, steps: readonly Step[]): Landed {
  return {
    steps: [...landed.steps, ...steps],
    occupancy: applied(landed.occupancy, steps),
  };
}

function applied(occupancy: Occupancy, steps: readonly Step[]): Occupancy {
  const after = occupancy.copy();
  for (const { vm, to } of steps) after.move(vm, to);
  return after;
}

function undoneAfter({ jobs }: Task, occupancy: Occupancy): number {
  return jobs.filter((job) => !isDone(job, occupancy)).length;
}

function preferences(
  { vmIndex, hostIndex }: Fleet,
  suggested: Readonly<Record<string, string>>,
): ReadonlyMap<number, number> {
  return new Map(
    Object.entries(suggested).map(([vm, host]) => [
      vmIndex.get(vm) ?? -1,
      hostIndex.get(host) ?? -1,
    ]),
  );
}

/** The least bytes of a move. */
function bytesOver(fleet: Fleet, ways: Ways, { importance }: Wanted): BytesOf {
  const withPostCopy = new Map<number, Map<number, number>>();
  const withoutPostCopy = new Map<number, Map<number, number>>();
  return (vm, from, to) => {
    const one = fleet.vms[vm];
    if (one === undefined) return 0;
    const rate = pathRate(ways, from, to);
    const terms = termsOf(fleet, importance, { from, to });
    const known = terms.postCopy ? withPostCopy : withoutPostCopy;
    const byRate = known.get(vm) ?? new Map<number, number>();
    known.set(vm, byRate);
    const bytes = byRate.get(rate) ?? bytesToCarry(one, rate, terms);
    byRate.set(rate, bytes);
    return bytes;
  };
}

function planOf(
  task: Task,
  course: Course,
  schedule: Weighed,
  occupancy: Occupancy,
  placementBoundMs: number,
): Plan {
  const { fleet, wanted } = task;
  const moves = movesOf(task, course, schedule);
  const boundMs = boundOfSteps(course);
  const harm = moves.reduce((sum, { vm, expected }) => {
    const slaClass = fleet.vms[fleet.vmIndex.get(vm) ?? -1]?.slaClass ?? 'pet';
    return (
      sum +
      (expected.forecast.completes ? harmOf(expected.forecast, slaClass, wanted.importance) : 0)
    );
  }, 0);
  const { deadlineMs = Infinity } = wanted;
  return {
    moves,
    remaining: remainingOf(task, occupancy),
    makespanMs: {
      p50: schedule.makespanMs,
      p90: Math.max(0, ...moves.map(({ endMs }) => endMs.p90)),
    },
    boundMs,
    placementBoundMs: Math.min(boundMs, placementBoundMs),
    gap: boundMs > 0 ? schedule.makespanMs / boundMs - 1 : 0,
    schedule: schedule.how,
    harm,
    latenessSeconds: schedule.latenessSeconds,
    late: moves.filter(({ endMs }) => endMs.p50 > deadlineMs).map(({ vm }) => vm),
  };
}

function movesOf(task: Task, course: Course, { timings }: Weighed): readonly PlannedMove[] {
  const { fleet, wanted } = task;
  const outlookOf = lookAhead(wanted.importance, fleet.matrix);
  const last = new Map(course.steps.map(({ vm }, index) => [vm, index]));
  return course.steps.flatMap((step, index) => {
    const [vm, from, to] = [fleet.vms[step.vm], fleet.hosts[step.from], fleet.hosts[step.to]];
    const timing = timings[index];
    if (vm === undefined || from === undefined || to === undefined || timing === undefined)
      return [];
    const { startMs, endMs, bytes, firstRate } = timing;
    const running = vm.moving?.to === to.name && vm.host === from.name;
    const expected = outlookOf(vm, from, to, (bytes * 1000) / Math.max(1, endMs - startMs));
    return {
      vm: vm.name,
      from: from.name,
      to: to.name,
      why: whyMoved(task, step.vm, { running, isLast: last.get(step.vm) === index }),
      running,
      after: course.after[index] ?? [],
      startMs,
      endMs: { p50: endMs, p90: startMs + (endMs - startMs) * spreadOf(expected) },
      bytes,
      shareBytesPerSecond: firstRate,
      expected,
    };
  });
}

/** How much longer the slow tenth takes. */
function spreadOf({ forecast: { completes, timeMs } }: MoveOutlook): number {
  if (!completes || timeMs.p50 <= 0) return 1;
  return Math.max(1, timeMs.p90 / timeMs.p50);
}

function remainingOf(task: Task, occupancy: Occupancy): readonly Remaining[] {
  const { fleet, jobs } = task;
  return jobs
    .filter((job) => !isDone(job, occupancy))
    .flatMap(({ vms }) => vms)
    .flatMap((vm) => {
      const one = fleet.vms[vm];
      const host = fleet.hosts[occupancy.hostOf(vm)];
      if (one === undefined || host === undefined) return [];
      return { vm: one.name, host: host.name, obstacles: obstaclesOf(task, occupancy, vm) };
    });
}
