import { isDone, type Placing } from './placing.ts';
import type { Trial } from './trial.ts';
import type { Job } from './wanted.ts';

/** So many hosts are tried for one job, and so many VMs on each of them. */
const mostHosts = 24;
const mostLeavers = 24;
/** Who makes room may need room made for it, so deep. */
const deepest = 2;
/** So many VMs are asked to leave for one job, all in all: each may need room made for it. */
const mostTries = 400;

/** Lets others leave a goal of the job until the job fits, and moves it; or changes nothing. */
export function makeRoom(placing: Placing, trial: Trial, job: Job): boolean {
  const attempt = { placing, trial, triesLeft: mostTries };
  return intoSome(attempt, job.vms, job.goals, new Set(job.vms), deepest);
}

interface Attempt {
  readonly placing: Placing;
  readonly trial: Trial;
  triesLeft: number;
}

function intoSome(
  attempt: Attempt,
  vms: readonly number[],
  goals: readonly number[],
  busy: ReadonlySet<number>,
  depth: number,
): boolean {
  const { occupancy } = attempt.placing;
  if (goals.some((host) => attempt.trial.move(vms, host))) return true;
  if (depth === 0) return false;
  const nearest = goals
    .toSorted((a, b) => occupancy.freeOf(b, 0) - occupancy.freeOf(a, 0))
    .slice(0, mostHosts);
  return nearest.some((host) => into(attempt, vms, host, busy, depth));
}

function into(
  attempt: Attempt,
  vms: readonly number[],
  host: number,
  busy: ReadonlySet<number>,
  depth: number,
): boolean {
  const { placing, trial } = attempt;
  const start = trial.steps.length;
  const gone = new Set(busy);
  for (const leaver of leaversOf(placing, host, busy)) {
    if (attempt.triesLeft <= 0) break;
    attempt.triesLeft -= 1;
    gone.add(leaver);
    if (!leave(attempt, leaver, host, gone, depth)) continue;
    if (trial.move(vms, host)) return true;
  }
  trial.back(start);
  return false;
}

/** Those who have to leave anyway first, then the smallest. */
function leaversOf(placing: Placing, host: number, busy: ReadonlySet<number>): readonly number[] {
  const { task, occupancy } = placing;
  const { vms, together } = task.fleet;
  const wants = (vm: number): number => {
    const job = task.jobOf.get(vm);
    return job !== undefined && !isDone(job, occupancy) ? 0 : 1;
  };
  const size = (vm: number): number => vms[vm]?.memoryBytes ?? 0;
  const there: number[] = [];
  for (const [vm, at] of occupancy.at.entries())
    if (at === host && !busy.has(vm) && together[vm]?.length === 1) there.push(vm);
  return there.toSorted((a, b) => wants(a) - wants(b) || size(a) - size(b)).slice(0, mostLeavers);
}

function leave(
  attempt: Attempt,
  vm: number,
  host: number,
  busy: ReadonlySet<number>,
  depth: number,
): boolean {
  const { placing, trial } = attempt;
  const { task, occupancy } = placing;
  const goals = task.jobOf.get(vm)?.goals ?? [];
  const home = goals.filter((one) => one !== host);
  if (home.some((one) => trial.move([vm], one))) return true;
  const elsewhere = task.reach
    .of(vm)
    .filter((one) => one !== host)
    .toSorted((a, b) => occupancy.freeOf(b, 0) - occupancy.freeOf(a, 0));
  return intoSome(attempt, [vm], elsewhere, busy, depth - 1);
}
