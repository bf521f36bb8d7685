import type { Style } from '../cli/io.ts';
import { formatTable } from '../cli/table.ts';
import type { OperationState } from '../operations/report.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { MigrationPhase } from '../store/rows.ts';
import { formatDuration } from '../units/format.ts';

/** What became of one guest: what Drover says it did, and what the guest itself and the hosts saw. */
export interface GuestReport {
  readonly name: string;
  readonly class: SlaClass;
  readonly temper: string;
  readonly workload: string;
  readonly memoryBytes: number;
  readonly from: string;
  /** `null`: it was never begun. */
  readonly to: string | null;
  readonly outcome: MigrationPhase | 'not begun';
  readonly totalMs: number;
  /** When it was to have arrived as it was planned first, and when it had, since the drain began. */
  readonly plannedEndMs: number | null;
  readonly endMs: number | null;
  readonly plannedBlackoutMs: number | null;
  readonly sentBytes: number;
  readonly switchedToPostCopy: boolean;
  /** The longest time without a heartbeat around the move, on the observer's clock. */
  readonly blackoutMs: number | null;
  /** The pause as the hypervisor counted it. */
  readonly reportedBlackoutMs: number | null;
  /** How long the guest would have needed for the work that the move cost it, at its own usual pace. */
  readonly lostWorkMs: number | null;
  /** `ok`: all of its memory was read after the move, and was as the guest had left it. */
  readonly integrity: string;
  /** `ok`: no two hosts ran it at once, by its own heartbeat. */
  readonly onePlace: string;
  /** `ok`: no heartbeat is missing, so the figures above can be trusted. */
  readonly heartbeat: string;
  /** The hosts that run it in the end, as the hosts say. */
  readonly runsOn: readonly string[];
  readonly why: readonly string[];
}

export interface DemoReport {
  readonly ok: boolean;
  /** What is not as it should be, a sentence each. */
  readonly problems: readonly string[];
  readonly guests: readonly GuestReport[];
  readonly reason: string;
  readonly drain: DrainReport;
  readonly linkBitsPerSecond: number;
  readonly totalMs: number;
  readonly versions: Versions;
}

/** How the drain itself ended, beside what was planned when it began. */
export interface DrainReport {
  readonly state: OperationState;
  readonly says: string;
  readonly tookMs: number;
  readonly plannedMs: number | null;
}

export interface Versions {
  readonly drover: string;
  readonly node: string;
  readonly libvirt: string;
  readonly qemu: string;
}

/** Everything that would make the demo a failure: a guest lost, doubled, damaged, or still where it was. */
export function problemsOf(guests: readonly GuestReport[]): readonly string[] {
  return guests.flatMap((guest) => {
    const { name, from, runsOn, integrity, onePlace } = guest;
    const problems: string[] = [];
    if (runsOn.length === 0) problems.push(`${name} runs nowhere`);
    if (runsOn.length > 1) problems.push(`${name} runs on ${runsOn.join(' and ')} at once`);
    if (runsOn.includes(from)) problems.push(`${name} is still on ${from}`);
    if (integrity !== 'ok') problems.push(`the memory of ${name}: ${integrity}`);
    if (onePlace !== 'ok') problems.push(`${name}: ${onePlace}`);
    return problems;
  });
}

/** The report for a person. */
export function reportText(report: DemoReport, style: Style): string {
  const table = formatTable(columns, report.guests, (title) => style('bold', title));
  const stories = report.guests.map((guest) => {
    const head = style('bold', `${guest.name} (${guest.class}, ${guest.temper})`);
    return `${head}\n${guest.why.map((sentence) => `  - ${sentence}\n`).join('')}`;
  });
  return `${table}\n${stories.join('')}\n${verdict(report, style)}\n`;
}

const columns = [
  { title: 'GUEST', cell: ({ name }: GuestReport) => name },
  { title: 'CLASS', cell: (guest: GuestReport) => guest.class },
  { title: 'WRITES', cell: (guest: GuestReport) => guest.workload },
  { title: 'OUTCOME', cell: (guest: GuestReport) => guest.outcome },
  { title: 'WAY', cell: wayOf },
  { title: 'PLANNED', cell: (guest: GuestReport) => maybe(guest.plannedEndMs), align: 'right' },
  { title: 'ARRIVED', cell: (guest: GuestReport) => maybe(guest.endMs), align: 'right' },
  {
    title: 'FORECAST',
    cell: (guest: GuestReport) => maybe(guest.plannedBlackoutMs),
    align: 'right',
  },
  { title: 'BLACKOUT', cell: (guest: GuestReport) => maybe(guest.blackoutMs), align: 'right' },
  { title: 'LOST WORK', cell: (guest: GuestReport) => maybe(guest.lostWorkMs), align: 'right' },
  { title: 'MEMORY', cell: (guest: GuestReport) => guest.integrity },
  { title: 'RUNS ON', cell: (guest: GuestReport) => guest.runsOn.join(' ') || 'nothing' },
] as const;

function wayOf(guest: GuestReport): string {
  if (guest.outcome !== 'completed') return '-';
  return guest.switchedToPostCopy ? 'post-copy' : 'pre-copy';
}

function maybe(ms: number | null): string {
  return ms === null ? '-' : formatDuration(ms);
}

function verdict(report: DemoReport, style: Style): string {
  if (!report.ok) {
    return report.problems.map((problem) => style('red', `Not right: ${problem}.`)).join('\n');
  }
  const from = report.guests[0]?.from ?? '';
  const { tookMs, plannedMs } = report.drain;
  const planned = plannedMs === null ? '' : ` (planned: ${formatDuration(plannedMs)})`;
  return style(
    'green',
    `${from} is empty after ${formatDuration(tookMs)}${planned}: each guest runs on exactly one other host, its memory intact.`,
  );
}
