import { localJournal } from '../journal/local.ts';
import type { Recording } from '../recording/recording.ts';
import { formatDuration } from '../units/format.ts';
import type { ExplainFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { type Column, formatTable } from './table.ts';

const mostListed = 1_000;

/** One line of the list. */
interface Listed {
  readonly id: string;
  readonly startedAt: string;
  readonly vm: string;
  readonly class: string;
  readonly importance: string;
  readonly from: string;
  readonly to: string;
  /** `null`: it runs, or whoever steered it died. */
  readonly outcome: string | null;
  readonly totalMs: number | null;
  readonly blackoutMs: number | null;
}

/** `drover migrations`. */
export async function runMigrations(io: Io, flags: ExplainFlags): Promise<void> {
  const recordings = await localJournal().recent(mostListed, (problem) =>
    io.err.write(`left out: ${problem}\n`),
  );
  const listed = recordings.map(listedOf);
  await print(io, flags.output, listed, {
    table: (all) => formatTable(columns, all),
    name: (all) => all.map(({ id }) => `${id}\n`).join(''),
  });
}

function listedOf(recording: Recording): Listed {
  const { id, startedAt, vm, slaClass, importance, from, to, end } = recording;
  return {
    id,
    startedAt,
    vm: vm.name,
    class: slaClass,
    importance,
    from: from.name,
    to: to.name,
    outcome: end?.outcome ?? null,
    totalMs: end === undefined ? null : Math.round(end.totalMs),
    blackoutMs: end?.blackout === undefined ? null : Math.round(end.blackout.ms),
  };
}

const columns: readonly Column<Listed>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'VM', cell: ({ vm }) => vm },
  { title: 'CLASS', cell: (one) => one.class },
  { title: 'IMPORTANCE', cell: ({ importance }) => importance },
  { title: 'FROM', cell: ({ from }) => from },
  { title: 'TO', cell: ({ to }) => to },
  { title: 'OUTCOME', cell: ({ outcome }) => outcome ?? 'not ended' },
  { title: 'TOOK', cell: ({ totalMs }) => durationOrDash(totalMs), align: 'right' },
  { title: 'BLACKOUT', cell: ({ blackoutMs }) => durationOrDash(blackoutMs), align: 'right' },
];

function durationOrDash(ms: number | null): string {
  return ms === null ? '-' : formatDuration(ms);
}
