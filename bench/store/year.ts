import { type Random, randomFrom } from '../../src/hypervisor/simulated-random.ts';
import type { Importance, Reason, SlaClass } from '../../src/policy/vocabulary.ts';
import type { MigrationPhase } from '../../src/store/rows.ts';

export const dayMs = 86_400_000;
export const perDay = 1_000;
export const days = 365;
export const yearBegins = Date.UTC(2025, 0, 1);
export const yearEnds = yearBegins + days * dayMs;
export const hosts = 100;
export const vms = 5_000;
/** So many follow each other as the parts of one drain, or each on its own. */
const group = 20;

/** A row of a year, with the columns of the table; `template` says whose telemetry it has. */
export interface YearRow {
  readonly id: string;
  readonly vm: string;
  readonly vm_uuid: string;
  readonly from_host: string;
  readonly to_host: string;
  readonly sla_class: SlaClass;
  readonly reason: Reason | null;
  readonly importance: Importance;
  readonly operation_id: string | null;
  readonly requested_by: string;
  readonly requested_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly phase: MigrationPhase;
  readonly revision: number;
  readonly template: number;
}

type Share<T> = readonly [share: number, value: T];

const phases: readonly Share<MigrationPhase>[] = [
  [0.95, 'completed'],
  [0.025, 'stayed'],
  [0.015, 'aborted'],
  [0.0098, 'failed-safe'],
  [0.0002, 'lost'],
];
const classes: readonly Share<SlaClass>[] = [
  [0.6, 'cattle'],
  [0.3, 'pet'],
  [0.1, 'panda'],
];
const importanceOf: readonly Share<Importance>[] = [
  [0.4, 'low'],
  [0.45, 'medium'],
  [0.15, 'high'],
];
const reasonOf: readonly Share<Reason | null>[] = [
  [0.5, 'rebalance'],
  [0.3, 'defragmentation'],
  [0.2, null],
];

/** The migration number `index` of the year: the same ones each time. */
export function yearRow(index: number, templates: number): YearRow {
  const random = randomFrom(index);
  const drain = drainOf(Math.floor(index / group));
  const requestedAt = requestedAtOf(index, drain !== undefined);
  const vm = Math.floor(random() * vms);
  const from = drain?.host ?? hostName(Math.floor(random() * hosts));
  return {
    id: idAt(requestedAt, index),
    vm: vmName(vm),
    vm_uuid: vmUuid(vm),
    from_host: from,
    to_host: otherHost(from, random),
    sla_class: drawn(random, classes),
    reason: drain?.reason ?? drawn(random, reasonOf),
    importance: drain?.importance ?? drawn(random, importanceOf),
    operation_id: drain?.id ?? null,
    requested_by: `operator${Math.floor(random() * 12)}`,
    requested_at: requestedAt,
    started_at: requestedAt + 800,
    ended_at: requestedAt + 20_000,
    phase: drawn(random, phases),
    revision: 1,
    template: Math.floor(random() * templates),
  };
}

export function hostName(index: number): string {
  return `host${String(index).padStart(3, '0')}`;
}

export function vmName(index: number): string {
  return `vm-${String(index).padStart(4, '0')}`;
}

export function vmUuid(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

export function operationId(groupIndex: number): string {
  return `op-${String(groupIndex).padStart(8, '0')}`;
}

/** Odd: no two numbers become the same. Large: those that follow each other begin otherwise. */
const spread = 0x9e3779b1;

/** In the form that a controller gives: the time, and what tells two of one second apart. */
export function idAt(at: number, index: number): string {
  const time = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const one = (Math.imul(index, spread) >>> 0).toString(16);
  return `${time}-${one.padStart(8, '0')}`;
}

/** Every other group is a drain. */
function drainOf(groupIndex: number) {
  if (groupIndex % 2 === 1) return undefined;
  const random = randomFrom(-1 - groupIndex);
  const urgent = random() < 0.1;
  return {
    id: operationId(groupIndex),
    host: hostName(Math.floor(random() * hosts)),
    reason: urgent ? 'evacuation' : 'maintenance',
    importance: urgent ? 'high' : 'medium',
  } as const;
}

/** The parts of a drain are asked for at once; the others are spread over the day. */
function requestedAtOf(index: number, drained: boolean): number {
  const every = dayMs / perDay;
  const begins = Math.floor(index / group) * group * every;
  return yearBegins + begins + (index % group) * (drained ? 1 : every);
}

function otherHost(from: string, random: Random): string {
  const to = hostName(Math.floor(random() * hosts));
  return to === from ? hostName((Number(from.slice(-3)) + 1) % hosts) : to;
}

function drawn<T>(random: Random, shares: readonly Share<T>[]): T {
  let left = random();
  for (const [share, value] of shares) {
    if (left < share) return value;
    left -= share;
  }
  const last = shares.at(-1);
  if (last === undefined) throw new Error('there is nothing to draw from');
  return last[1];
}
