import type { Operation, Rehearsal } from '../client/client.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import { shownInstant } from './instants.ts';
import { type Column, formatTable } from './table.ts';

type Report = NonNullable<Operation['report']>;
export type Part = Report['parts'][number];

/** What a drain would do, for a person: the plan, VM by VM, and the totals. */
export function rehearsalText(rehearsal: Rehearsal): string {
  const { report } = rehearsal;
  const from = Date.parse(report.at);
  const movers = report.parts
    .filter(({ expected }) => expected !== null)
    .toSorted((a, b) => startOf(a) - startOf(b));
  const staying = report.parts.filter(({ expected }) => expected === null);
  return [
    ...(movers.length === 0 ? [] : [formatTable(planColumns(from), movers), '\n']),
    ...staying.map(({ vm, from: host, why }) => `${vm} stays on ${host}: ${why}\n`),
    `${totals(rehearsal)}\n`,
    ...report.assumed.map((what) => `Assumed: ${what}.\n`),
    ...(report.silent.length === 0 ? [] : [`No answer from ${report.silent.join(', ')}.\n`]),
    'Nothing was touched.\n',
  ].join('');
}

function startOf({ expected }: Part): number {
  return expected === null ? Infinity : Date.parse(expected.startAt);
}

function planColumns(from: number): readonly Column<Part>[] {
  const since = (instant: string): string =>
    formatDuration(Math.max(0, Date.parse(instant) - from));
  return [
    { title: 'VM', cell: ({ vm }) => vm },
    { title: 'CLASS', cell: (part) => part.class },
    { title: 'FROM', cell: ({ from: host }) => host },
    { title: 'TO', cell: ({ to }) => to ?? '-' },
    { title: 'START', cell: ({ expected }) => (expected === null ? '-' : since(expected.startAt)) },
    {
      title: 'END',
      cell: ({ expected }) =>
        expected === null
          ? '-'
          : `${since(expected.endAt.p50)} (up to ${since(expected.endAt.p90)})`,
    },
    { title: 'BYTES', cell: ({ expected }) => formatBytes(expected?.bytes ?? 0), align: 'right' },
    { title: 'PAUSE', cell: pauseExpected },
    { title: 'BY', cell: ({ expected }) => expected?.ending ?? '-' },
    { title: 'WHY', cell: ({ why }) => why },
  ];
}

function pauseExpected({ expected }: Part): string {
  const pause = expected?.blackoutMs ?? null;
  return pause === null ? '-' : formatDuration(pause.p50);
}

function totals({ report, deadlineAt, importance }: Rehearsal): string {
  const { parts, eta, boundMs, totalBytes, schedule, late } = report;
  const moving = parts.filter(({ expected }) => expected !== null).length;
  if (eta === null || moving === 0) return 'Nothing would be moved.';
  const from = Date.parse(report.at);
  const time = (instant: string): string => formatDuration(Date.parse(instant) - from);
  const sentences = [
    `${moving} of ${parts.length} VMs, ${formatBytes(totalBytes)}, in ${time(eta.p50)} (up to ${time(eta.p90)}); no schedule of these moves takes less than ${formatDuration(boundMs)}.`,
    `Schedule: ${schedule}.`,
    ...deadlineText(deadlineAt, late, importance),
  ];
  return sentences.join('\n');
}

function deadlineText(
  deadlineAt: string | null,
  late: readonly string[],
  importance: Rehearsal['importance'],
): readonly string[] {
  if (deadlineAt === null) return [];
  if (late.length === 0) return [`The deadline (${shownInstant(deadlineAt)}) holds.`];
  const help =
    importance === 'high'
      ? 'a faster link or more time'
      : 'more importance (it is raised by itself as far as that helps), a faster link or more time';
  return [
    `After the deadline (${shownInstant(deadlineAt)}) would come ${late.join(', ')}; what would help: ${help}.`,
  ];
}

/** An operation as it stands, or as it ended: the plan beside reality. */
export function operationText(operation: Operation): string {
  const { report } = operation;
  const head = `${titleOf(operation)}: ${operation.state}.\n`;
  if (report === null) return `${head}Nobody has looked yet.\n`;
  const from = Date.parse(operation.requestedAt);
  const table =
    report.parts.length === 0 ? '' : `${formatTable(partColumns(from), report.parts)}\n`;
  return `${head}\n${table}${report.says}.\n`;
}

/** `drain of h1`, `balance`. */
export function titleOf({ kind, host }: Pick<Operation, 'kind' | 'host'>): string {
  return host === null ? kind : `${kind} of ${host}`;
}

/** `from`: when the operation began, ms since 1970. */
export function partColumns(from: number): readonly Column<Part>[] {
  const since = (instant: string | null | undefined): string =>
    instant === null || instant === undefined
      ? '-'
      : formatDuration(Math.max(0, Date.parse(instant) - from));
  return [
    { title: 'VM', cell: ({ vm }) => vm },
    { title: 'CLASS', cell: (part) => part.class },
    { title: 'TO', cell: ({ to }) => to ?? '-' },
    { title: 'STATE', cell: (part) => stateText(part) },
    { title: 'PLANNED', cell: ({ planned }) => since(planned?.endAt.p50) },
    {
      title: 'DONE',
      cell: ({ endedAt, expected, state }) =>
        state === 'moved'
          ? since(endedAt)
          : expected === null
            ? '-'
            : `~${since(expected.endAt.p50)}`,
      align: 'right',
    },
    {
      title: 'PAUSE',
      cell: (part) =>
        part.blackoutMs === null ? `~${pauseExpected(part)}` : formatDuration(part.blackoutMs),
      align: 'right',
    },
    { title: 'WHY', cell: ({ why }) => why },
  ];
}

function stateText({ state, share }: Part): string {
  return state === 'moving' ? `moving ${Math.floor(share * 100)} %` : state;
}

export const operationColumns: readonly Column<Operation>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'WHAT', cell: (operation) => titleOf(operation) },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'IMPORTANCE', cell: ({ importance, report }) => report?.importance ?? importance },
  { title: 'BEGUN', cell: ({ requestedAt }) => shownInstant(requestedAt) },
  { title: 'DEADLINE', cell: ({ deadlineAt }) => shownInstant(deadlineAt) },
  { title: 'HOW IT STANDS', cell: ({ report }) => report?.says ?? '-' },
];
