import type { Importance } from '../policy/vocabulary.ts';
import type { Fleet } from './fleet.ts';
import { type Reach, reachOf } from './reach.ts';

/** What a plan is to reach. Asked again with the present inventory it plans the rest of the way. */
export interface Wanted {
  /** Hosts that are to be empty, by name. */
  readonly drain: readonly string[];
  /** VMs that are to be on a certain host, host by VM. */
  readonly targets?: Readonly<Record<string, string>>;
  /** Where VMs may go; everywhere where it is not given. */
  readonly onlyTo?: readonly string[];
  readonly importance: Importance;
  /** When all should have arrived, ms from now. */
  readonly deadlineMs?: number;
}

/** VMs that go to one host together. */
export interface Job {
  readonly vms: readonly number[];
  /** Where they may end, any of these. */
  readonly goals: readonly number[];
}

/** What is wanted, by the numbers of a fleet. */
export interface Task {
  readonly fleet: Fleet;
  readonly wanted: Wanted;
  readonly reach: Reach;
  readonly jobs: readonly Job[];
  /** The job of each VM that has one. */
  readonly jobOf: ReadonlyMap<number, Job>;
}

/** Throws a RangeError that names a host or a VM which the inventory does not have. */
export function taskOf(fleet: Fleet, wanted: Wanted): Task {
  const drained = numbers(wanted.drain, fleet.hostIndex, 'host');
  const draining = fleet.hosts.flatMap((host, index) => (host.draining ? [index] : []));
  const onlyTo = wanted.onlyTo && new Set(numbers(wanted.onlyTo, fleet.hostIndex, 'host'));
  const reach = reachOf(fleet, new Set([...drained, ...draining]), onlyTo);
  const targets = targetsOf(fleet, wanted);
  const leaving = new Set(drained);
  const jobs: Job[] = [];
  const jobOf = new Map<number, Job>();
  for (const [vm, host] of endsOf(fleet).entries()) {
    if (jobOf.has(vm) || (!leaving.has(host) && !targets.has(vm))) continue;
    const job = jobFor(fleet.together[vm] ?? [vm], reach, targets);
    if (job.goals.length === 1 && job.vms.every((one) => fleet.at[one] === job.goals[0])) continue;
    jobs.push(job);
    for (const one of job.vms) jobOf.set(one, job);
  }
  return { fleet, wanted, reach, jobs, jobOf };
}

/** Where each VM is once what moves has landed. */
function endsOf({ vms, at, hostIndex }: Fleet): readonly number[] {
  return vms.map(({ moving }, vm) => hostIndex.get(moving?.to ?? '') ?? at[vm] ?? -1);
}

function targetsOf(fleet: Fleet, { targets = {} }: Wanted): Map<number, number> {
  return new Map(
    Object.entries(targets).flatMap(([vm, host]) => {
      const [from] = numbers([vm], fleet.vmIndex, 'VM');
      const [to] = numbers([host], fleet.hostIndex, 'host');
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    }),
  );
}

function jobFor(vms: readonly number[], reach: Reach, targets: ReadonlyMap<number, number>): Job {
  const named = vms.flatMap((vm) => targets.get(vm) ?? []);
  const open = reach
    .of(vms[0] ?? -1)
    .filter((host) => vms.every((vm) => reach.of(vm).includes(host)));
  return {
    vms,
    goals: named.length === 0 ? open : open.filter((host) => named.every((one) => one === host)),
  };
}

function numbers(
  names: readonly string[],
  index: ReadonlyMap<string, number>,
  what: string,
): number[] {
  return names.map((name) => {
    const number = index.get(name);
    if (number === undefined) throw new RangeError(`there is no ${what} ${name} in the inventory`);
    return number;
  });
}
