import { makeRoom } from './make-room.ts';
import { isDone, type Placing } from './placing.ts';
import { Trial } from './trial.ts';
import type { Job } from './wanted.ts';

/**
 * Moves job after job to the best host that has room; who finds none waits until others have left, and
 * where nobody moves any more, room is made. Returns the steps in an order that keeps every
 * constraint; `occupancy` is then as after all of them.
 */
export function placeGreedily(placing: Placing, preferred: ReadonlyMap<number, number>): Trial {
  const trial = new Trial(placing.occupancy);
  let waiting = inOrderOfNeed(placing);
  for (;;) {
    const before = waiting.length;
    waiting = waiting.filter((job) => !placeJob(placing, trial, job, preferred));
    if (waiting.length === 0) return trial;
    if (waiting.length < before) continue;
    if (!waiting.some((job) => roomHelps(placing, trial, job, before))) return trial;
    waiting = placing.task.jobs.filter((job) => !isDone(job, placing.occupancy));
  }
}

/** Who makes room may have been where it is to be: that helps only if fewer wait than before. */
function roomHelps(placing: Placing, trial: Trial, job: Job, waiting: number): boolean {
  const start = trial.steps.length;
  if (!makeRoom(placing, trial, job)) return false;
  const now = placing.task.jobs.filter((one) => !isDone(one, placing.occupancy)).length;
  if (now < waiting) return true;
  trial.back(start);
  return false;
}

/** Those with the fewest places first, and of these the largest. */
function inOrderOfNeed({ task }: Placing): readonly Job[] {
  const size = (job: Job): number =>
    job.vms.reduce((sum, vm) => sum + (task.fleet.vms[vm]?.memoryBytes ?? 0), 0);
  return task.jobs.toSorted((a, b) => a.goals.length - b.goals.length || size(b) - size(a));
}

function placeJob(
  placing: Placing,
  trial: Trial,
  job: Job,
  preferred: ReadonlyMap<number, number>,
): boolean {
  const { occupancy, loads, bytesOf } = placing;
  if (isDone(job, occupancy)) return true;
  const first = job.vms[0] ?? -1;
  const open = job.goals.filter((host) => occupancy.fits(first, host));
  const ranked = rankedFor(placing, job, open, preferred.get(first));
  const from = job.vms.map((vm) => occupancy.hostOf(vm));
  const to: number | undefined = ranked.find((host) => trial.move(job.vms, host));
  if (to === undefined) return false;
  for (const [index, vm] of job.vms.entries()) {
    const source: number = from[index] ?? to;
    if (source !== to) loads.add({ from: source, to }, bytesOf(vm, source, to));
  }
  return true;
}

function rankedFor(
  placing: Placing,
  { vms }: Job,
  open: readonly number[],
  preferred: number | undefined,
): readonly number[] {
  const first = vms[0] ?? -1;
  if (preferred !== undefined && open.includes(preferred)) return [preferred];
  if (vms.length === 1) return leastOf(open, (host) => scoreOf(placing, first, host));
  return open.toSorted((a, b) => scoreOf(placing, first, a) - scoreOf(placing, first, b));
}

function leastOf(hosts: readonly number[], scoreOfHost: (host: number) => number): number[] {
  let best: number | undefined;
  let least = Infinity;
  for (const host of hosts) {
    const score = scoreOfHost(host);
    if (score < least) {
      least = score;
      best = host;
    }
  }
  return best === undefined ? [] : [best];
}

/** A way that is busy for longer than the bound delays everything: that weighs more than balance. */
const delayWeight = 10;

/** The lower the better: a host that is not full, over ways that are not busy. */
function scoreOf(
  { occupancy, loads, bytesOf, boundSeconds }: Placing,
  vm: number,
  host: number,
): number {
  const from = occupancy.hostOf(vm);
  const busy = loads.worstWith(from, host, bytesOf(vm, from, host));
  const delay = boundSeconds > 0 ? Math.max(0, busy / boundSeconds - 1) : 0;
  return occupancy.fullness(host) + delayWeight * delay;
}
