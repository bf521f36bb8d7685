import type { WorkingSet } from '../forecast/working-set.ts';
import { bytesToCarry, type Terms } from '../planner/carry.ts';
import type { Inventory, Vm } from '../planner/inventory.ts';
import type { Plan, PlannedMove } from '../planner/plan.ts';
import { besidesMs } from '../planner/schedule.ts';
import type { Matrix } from '../policy/matrix.ts';
import { type Importance, importances, type SlaClass } from '../policy/vocabulary.ts';
import type { Part, PlannedPart } from './report.ts';
import type { Course } from './sight.ts';

/** A host as the planning of operations knows it. */
export interface KnownHost {
  readonly name: string;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly cpus: number;
  /** What migrations have of its card, each way, bytes/s. */
  readonly bandwidthBytesPerSecond: number;
  readonly maxOutgoing: number;
  readonly maxIncoming: number;
  readonly link: string | undefined;
  readonly postCopy: boolean;
  /** It takes nobody in. */
  readonly closed: boolean;
}

export interface KnownLink {
  readonly name: string;
  readonly bandwidthBytesPerSecond: number | undefined;
  readonly maxAtOnce: number | undefined;
}

/** A VM as the planning of operations knows it. */
export interface KnownVm {
  readonly uuid: string;
  readonly name: string;
  readonly host: string;
  readonly memoryBytes: number;
  readonly virtualCpus: number;
  readonly slaClass: SlaClass;
  /** `undefined`: not known, so that all of its memory is expected to be touched. */
  readonly touchedBytes: number | undefined;
  readonly workingSet: WorkingSet | undefined;
  readonly moving: Moving | undefined;
  /** Hosts that cannot take it in, and why. */
  readonly unfit: Readonly<Record<string, string>>;
  /** Why it is not moved at all; `undefined`: it may be. */
  readonly fixed: string | undefined;
  readonly together: readonly string[];
  readonly apart: readonly string[];
  /** The only hosts where it may run; `undefined`: any. */
  readonly pinnedTo: readonly string[] | undefined;
}

/** Of a VM that moves already. */
export interface Moving {
  readonly to: string;
  readonly remainingBytes: number;
  /** What its way carries until it is expected to arrive: more, where its guest goes on writing. */
  readonly untilEndBytes: number;
  /** What it has sent; `undefined` once it runs at its destination, and only fetches what remains. */
  readonly sentBytes: number | undefined;
}

/** vCPUs of VMs for each CPU of a host. An emptied host must not fail for want of CPUs that idle. */
const vcpuOvercommit = 16;
/** What the host itself is left of its memory: this share, and at least so many bytes. */
const reservedShare = 0.03;
const leastReservedBytes = 256 * 2 ** 20;

/** Rates that were seen of ways that are alike differ by so much. */
const alikeShare = 0.06;

/**
 * Rates with those that are nearly as high raised to the highest of them: where some of ways that are alike seemed a
 * little faster than others, two migrations at once would use them to the full, and both take twice as long.
 */
export function leveled(rates: readonly (number | undefined)[]): readonly (number | undefined)[] {
  return rates.map((rate) => {
    if (rate === undefined) return undefined;
    const alike = rates.filter((one) => one !== undefined && one <= rate * (1 + alikeShare));
    return Math.max(...alike.map((one) => one ?? 0));
  });
}

/** What is known, as the planner takes it. VMs go by their UUIDs: names may occur twice in a fleet. */
export function inventoryOf(
  hosts: readonly KnownHost[],
  links: readonly KnownLink[],
  vms: readonly KnownVm[],
  { importance, matrix }: { readonly importance: Importance; readonly matrix: Matrix },
): Inventory {
  const names = new Set(hosts.map(({ name }) => name));
  const there = vms.filter(({ host }) => names.has(host));
  return {
    hosts: hosts.map((host) => hostOf(host, there)),
    links,
    vms: there.map((vm) => {
      const { moving } = vm;
      const one = vmOf(vm, hosts);
      if (moving === undefined || !names.has(moving.to)) return one;
      const ends = hosts.filter(({ name }) => name === vm.host || name === moving.to);
      const terms = { importance, matrix, postCopy: ends.every(({ postCopy }) => postCopy) };
      const rate = Math.min(...ends.map((host) => host.bandwidthBytesPerSecond));
      return { ...one, moving: { to: moving.to, leftBytes: leftOf(one, moving, rate, terms) } };
    }),
    limits: { maxAtOnce: undefined, maxOutgoing: undefined, maxIncoming: undefined },
    matrix,
  };
}

/** What it has still to carry: by what was measured of its guest, or else by what is seen of it on its way. */
function leftOf(
  vm: Vm,
  { remainingBytes, untilEndBytes, sentBytes }: Moving,
  bytesPerSecond: number,
  terms: Terms,
): number {
  if (sentBytes === undefined) return remainingBytes;
  const measured = vm.workingSet !== undefined;
  const more = measured ? bytesToCarry(vm, bytesPerSecond, terms) - sentBytes : untilEndBytes;
  return Math.max(remainingBytes, more);
}

/** VMs may have what is free, and what they have: where others use the host, too, that is less than all. */
function hostOf(host: KnownHost, vms: readonly KnownVm[]): Inventory['hosts'][number] {
  const held = vms
    .filter((vm) => vm.host === host.name)
    .reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const reserved = Math.max(leastReservedBytes, host.memoryBytes * reservedShare);
  return {
    name: host.name,
    memoryBytes: Math.max(0, Math.min(host.memoryBytes, host.freeMemoryBytes + held) - reserved),
    vcpus: host.cpus,
    vcpuOvercommit,
    hugePageBytes: {},
    cpuModels: undefined,
    machineTypes: undefined,
    storage: [],
    networks: [],
    tags: [],
    bandwidthBytesPerSecond: host.bandwidthBytesPerSecond,
    maxOutgoing: host.maxOutgoing,
    maxIncoming: host.maxIncoming,
    link: host.link,
    postCopy: host.postCopy,
    draining: host.closed,
  };
}

function vmOf(vm: KnownVm, hosts: readonly KnownHost[]): Vm {
  const { fixed } = vm;
  const unfit =
    fixed === undefined ? vm.unfit : Object.fromEntries(hosts.map(({ name }) => [name, fixed]));
  return {
    name: vm.uuid,
    host: vm.host,
    memoryBytes: vm.memoryBytes,
    touchedBytes: Math.min(vm.memoryBytes, vm.touchedBytes ?? vm.memoryBytes),
    vcpus: vm.virtualCpus,
    hugePages: undefined,
    workingSet: vm.workingSet,
    slaClass: vm.slaClass,
    cpuModel: undefined,
    machineType: undefined,
    storage: [],
    networks: [],
    affinity: vm.together,
    antiAffinity: vm.apart,
    pinnedTo: vm.pinnedTo,
    needsTags: [],
    avoidsTags: [],
    unfit,
    moving: undefined,
  };
}

/**
 * From the request for a migration until it sends, ms: both hosts are looked at first, and libvirt prepares it. Seen on
 * the lab: 0.9 to 1.5 s, for which the way would be free; the one before holds its stream back by then.
 */
const leadMs = 1_600;

/** When a migration under way is expected to have arrived, by what is seen of it, ms since the plan was made; by VM. */
export type Arrivals = ReadonlyMap<string, number>;

/** What of a plan is asked for by now, so that it begins when its time has come: it waits for nobody. */
export function dueMoves(
  plan: Plan,
  sinceMs: number,
  arrivals: Arrivals = new Map(),
): readonly PlannedMove[] {
  return freeMoves(plan).filter((move) => dueMs(plan, move, sinceMs, arrivals) <= sinceMs);
}

/** When the next of a plan is asked for that waits for nobody, ms since it was made; `undefined`: none. */
export function nextDueMs(
  plan: Plan,
  sinceMs: number,
  arrivals: Arrivals = new Map(),
): number | undefined {
  const later = freeMoves(plan)
    .map((move) => dueMs(plan, move, sinceMs, arrivals))
    .filter((one) => one > sinceMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

function freeMoves({ moves }: Plan): readonly PlannedMove[] {
  return moves.filter(({ running, after }) => !running && after.length === 0);
}

/** That a migration ends sooner than planned is believed when it has no more to go than this, ms: its guest may go on writing. */
const soonMs = 2_000;

/** As planned, but by as much later, or sooner, as those arrive whose ways it is to have after them. */
function dueMs({ moves }: Plan, move: PlannedMove, sinceMs: number, arrivals: Arrivals): number {
  const shifts = moves
    .filter((other) => other.running && isBefore(other, move))
    .map(({ vm, endMs }) => {
      const arrivesMs = arrivals.get(vm) ?? endMs.p50;
      const isBelieved = arrivesMs > endMs.p50 || arrivesMs < sinceMs + soonMs;
      return isBelieved ? arrivesMs - endMs.p50 : 0;
    });
  return move.startMs - leadMs + (shifts.length === 0 ? 0 : Math.max(...shifts));
}

/** Whether one has passed the ways of another when that begins: the way is free while it lands. */
function isBefore(one: PlannedMove, other: PlannedMove): boolean {
  const meet = [one.from, one.to].some((host) => host === other.from || host === other.to);
  return meet && one.endMs.p50 - besidesMs <= other.startMs + instantMs;
}

/** Times of a plan that differ by less are the same. */
const instantMs = 1;

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
const oftenSentTimes = 1.5;

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

/** Parts with what the plan says of them. `nameOf`: of a UUID. */
export function withPlan(
  parts: readonly Part[],
  plan: Plan,
  now: number,
  nameOf: (uuid: string) => string,
): readonly Part[] {
  // Of several moves of one VM the first is its next.
  const moves = new Map(plan.moves.toReversed().map((move) => [move.vm, move]));
  const remaining = new Map(plan.remaining.map((one) => [one.vm, one]));
  return parts.map((part) => {
    if (part.state !== 'waiting' && part.state !== 'moving') return part;
    const move = moves.get(part.uuid);
    if (move !== undefined) {
      const expected = plannedPart(move, now);
      const to = part.state === 'moving' ? part.to : move.to;
      return {
        ...part,
        to,
        expected,
        planned: part.planned ?? expected,
        why: move.running ? part.why : named(move.why, nameOf),
      };
    }
    const stuck = remaining.get(part.uuid);
    if (stuck === undefined || part.state === 'moving') return part;
    const why = stuck.obstacles.map((one) => `${one.hosts.join(', ')}: ${one.why}`).join('; ');
    return {
      ...part,
      to: undefined,
      expected: undefined,
      why: named(why === '' ? 'there is no other host' : why, nameOf),
    };
  });
}

function plannedPart(move: PlannedMove, now: number): PlannedPart {
  const { expected, startMs, endMs, to, bytes } = move;
  const { forecast, ending } = expected;
  return {
    to,
    startAt: now + startMs,
    endAt: { p50: now + endMs.p50, p90: now + endMs.p90 },
    bytes,
    blackoutMs: forecast.completes ? forecast.blackoutMs : undefined,
    ending,
  };
}

/** The planner's words, with names for UUIDs. */
function named(text: string, nameOf: (uuid: string) => string): string {
  return text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, nameOf);
}
