import type { Occupancy } from './occupancy.ts';
import { amount } from './reach.ts';
import type { Task } from './wanted.ts';

/** One reason, and the hosts that it holds for. */
export interface Obstacle {
  readonly why: string;
  readonly hosts: readonly string[];
}

/** For a VM that found no place: what is in its way at every other host, the commonest reason first. */
export function obstaclesOf(task: Task, occupancy: Occupancy, vm: number): readonly Obstacle[] {
  const { fleet } = task;
  const byReason = new Map<string, string[]>();
  for (const [host, { name }] of fleet.hosts.entries()) {
    if (host === occupancy.hostOf(vm)) continue;
    const why = whyNot(task, occupancy, vm, host);
    const hosts = byReason.get(why);
    if (hosts === undefined) byReason.set(why, [name]);
    else hosts.push(name);
  }
  return [...byReason]
    .map(([why, hosts]) => ({ why, hosts }))
    .toSorted((a, b) => b.hosts.length - a.hosts.length || (a.why < b.why ? -1 : 1));
}

function whyNot(task: Task, occupancy: Occupancy, vm: number, host: number): string {
  const { fleet, reach, jobOf } = task;
  const never = reach.why(vm, host);
  if (never !== undefined) return never;
  const job = jobOf.get(vm);
  if (job?.goals.includes(host) === false)
    return 'it is not where the VM, or one it stays with, can be';
  if (occupancy.meetsRival(vm, host))
    return `a VM is there that it keeps apart from${rivalText(task, occupancy, vm, host)}`;
  const resource = occupancy.shortage(vm, host);
  const kind = fleet.resources[resource]?.kind;
  if (kind === undefined) return 'no order of moves was found that leads there';
  const free = Math.max(0, occupancy.freeOf(host, resource));
  const needed = fleet.demand[vm]?.[resource] ?? 0;
  const what = { memory: 'memory', vcpus: 'vCPUs', 'huge-pages': 'huge pages' }[kind];
  return `too little ${what} is left: ${amount(free, kind)} of the ${amount(needed, kind)} needed`;
}

function rivalText({ fleet }: Task, occupancy: Occupancy, vm: number, host: number): string {
  const groups = fleet.apart[vm] ?? [];
  const rival = fleet.vms.findIndex(
    (_, one) =>
      one !== vm &&
      occupancy.hostOf(one) === host &&
      fleet.apart[one]?.some((group) => groups.includes(group)),
  );
  const name = fleet.vms[rival]?.name;
  return name === undefined ? '' : `: ${name}`;
}
