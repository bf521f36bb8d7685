import { leastBytes } from './carry.ts';
import { fleetOf } from './fleet.ts';
import type { Inventory } from './inventory.ts';
import { pathRate, type Ways, waysOf } from './loads.ts';
import { Occupancy } from './occupancy.ts';
import { besidesMs } from './schedule.ts';
import { type Job, type Task, taskOf, type Wanted } from './wanted.ts';

/**
 * Where jobs go so that the busiest way is busy for the shortest time, as a program in CPLEX LP format:
 * `x<j>_<h>` says that job j goes to host h, `t` is that time in s. Made for a solver elsewhere.
 */
export interface Model {
  /** Any placement, with VMs in parts and hosts of any size: its optimum is a bound for every plan. */
  readonly relaxed: string;
  /** Whole VMs, and hosts with the room that they have now. */
  readonly whole: string;
  /** What of a solution's values says where VMs go: host by VM. */
  suggested(values: Readonly<Record<string, number>>): Readonly<Record<string, string>>;
  /** The bound, ms, of the optimum of `relaxed`. */
  boundMs(optimumSeconds: number): number;
}

/** A program with more unknowns than this is not worth a solver's time. */
const mostUnknowns = 20_000;

/** `undefined`: there is nothing to choose, or too much. Throws as `planMoves` does. */
export function modelOf(inventory: Inventory, wanted: Wanted): Model | undefined {
  const task = taskOf(fleetOf(inventory), wanted);
  const jobs = task.jobs.filter((job) => job.goals.length > 0 && !isMoving(task, job));
  const unknowns = jobs.reduce((sum, job) => sum + job.goals.length, 0);
  if (unknowns === jobs.length || unknowns > mostUnknowns) return undefined;
  const { fleet } = task;
  const ways = waysOf(fleet);
  const loads = [...placesOf(jobs), ...loadsOf(task, ways, jobs)];
  const rooms = roomsOf(task, jobs);
  const names = jobs.flatMap((job, index) => job.goals.map((host) => nameOf(index, host)));
  return {
    relaxed: program(loads, ''),
    whole: program([...loads, ...rooms], `Binary\n ${names.join('\n ')}\n`),
    suggested: (values) =>
      Object.fromEntries(
        jobs.flatMap(({ vms, goals }, index) => {
          const host = goals.find((goal) => (values[nameOf(index, goal)] ?? 0) > 0.5);
          const name = fleet.hosts[host ?? -1]?.name;
          return name === undefined ? [] : vms.map((vm) => [fleet.vms[vm]?.name ?? '', name]);
        }),
      ),
    boundMs: (optimumSeconds) => optimumSeconds * 1000 + besidesMs,
  };
}

function program(rows: readonly string[], kind: string): string {
  const lines = rows.map((row, index) => ` r${index}: ${row}`);
  return ['Minimize', ' obj: t', 'Subject To', ...lines, `${kind}End`, ''].join('\n');
}

function isMoving({ fleet }: Task, { vms }: Job): boolean {
  return vms.some((vm) => fleet.vms[vm]?.moving !== undefined);
}

function nameOf(job: number, host: number): string {
  return `x${job}_${host}`;
}

function placesOf(jobs: readonly Job[]): readonly string[] {
  return jobs.map(({ goals }, job) => `${goals.map((host) => nameOf(job, host)).join(' + ')} = 1`);
}

/** No way is busy for longer than t. */
function loadsOf({ fleet, wanted }: Task, ways: Ways, jobs: readonly Job[]): readonly string[] {
  const rows = new Map<number, string[]>();
  const terms = { importance: wanted.importance, matrix: fleet.matrix };
  for (const [job, { vms, goals }] of jobs.entries())
    for (const host of goals) {
      const seconds = new Map<number, number>();
      for (const vm of vms) {
        const one = fleet.vms[vm];
        const from = fleet.at[vm] ?? -1;
        if (one === undefined || from === host) continue;
        const bytes = leastBytes(one, pathRate(ways, from, host), terms);
        for (const way of ways.between(from, host))
          seconds.set(
            way,
            (seconds.get(way) ?? 0) + bytes / (ways.bytesPerSecond[way] ?? Infinity),
          );
      }
      for (const [way, sum] of seconds) {
        if (sum <= 0) continue;
        const row = rows.get(way) ?? [];
        rows.set(way, row);
        row.push(`${sum.toPrecision(12)} ${nameOf(job, host)}`);
      }
    }
  return [...rows.values()].map((row) => `${row.join(' + ')} - t <= 0`);
}

/** Nobody goes where there is no room for all who do, or a rival. */
function roomsOf({ fleet }: Task, jobs: readonly Job[]): readonly string[] {
  const occupancy = new Occupancy(fleet);
  const rows: string[] = [];
  for (const host of fleet.hosts.keys()) {
    const comers = [...jobs.entries()].filter(([, job]) => job.goals.includes(host));
    for (const resource of fleet.resources.keys()) {
      const free = occupancy.freeOf(host, resource);
      const all = fleet.capacity[host]?.[resource] ?? 0;
      const terms = comers.flatMap(([job, { vms }]) => {
        const coming = vms.filter((vm) => fleet.at[vm] !== host);
        const sum = coming.reduce((most, vm) => most + (fleet.demand[vm]?.[resource] ?? 0), 0);
        return sum > 0 && all > 0 ? [`${(sum / all).toPrecision(12)} ${nameOf(job, host)}`] : [];
      });
      if (terms.length > 0)
        rows.push(`${terms.join(' + ')} <= ${(Math.max(0, free) / all).toPrecision(12)}`);
    }
    rows.push(...rivalRows(fleet.apart, occupancy, comers, host));
  }
  return rows;
}

function rivalRows(
  apart: readonly (readonly number[])[],
  occupancy: Occupancy,
  comers: readonly (readonly [number, Job])[],
  host: number,
): readonly string[] {
  const byGroup = new Map<number, string[]>();
  const closed: string[] = [];
  for (const [job, { vms }] of comers) {
    const coming = vms.filter((vm) => occupancy.hostOf(vm) !== host);
    if (coming.some((vm) => occupancy.meetsRival(vm, host)))
      closed.push(`${nameOf(job, host)} = 0`);
    for (const group of new Set(coming.flatMap((vm) => apart[vm] ?? [])))
      byGroup.set(group, [...(byGroup.get(group) ?? []), nameOf(job, host)]);
  }
  const pairs = [...byGroup.values()].filter((names) => names.length > 1);
  return [...closed, ...pairs.map((names) => `${names.join(' + ')} <= 1`)];
}
