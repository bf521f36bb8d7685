import type { Migration } from '../client/client.ts';
import { formatDuration } from '../units/format.ts';
import type { AskFlags, MigrationListFlags } from './flags.ts';
import { shownInstant } from './instants.ts';
import type { Io } from './io.ts';
import { print, render } from './output.ts';
import { shown } from './repeat.ts';
import { withSession } from './session.ts';
import { type Column, formatRecord, formatTable } from './table.ts';

/** `drover migrations list`. */
export async function runMigrationList(io: Io, flags: MigrationListFlags): Promise<void> {
  const { running, vm, host, importance, limit } = flags;
  const filter = {
    state: running ? 'live' : undefined,
    vm,
    host,
    class: flags.class,
    importance,
  };
  await withSession(io, flags, ({ client }) =>
    shown(io, flags, async () =>
      render(flags.output, await client.migrations(filter, limit), {
        table: (all) => formatTable(columns, all),
        wide: (all) => formatTable([...columns, ...wideColumns], all),
        name: (all) => all.map(({ id }) => `${id}\n`).join(''),
      }),
    ),
  );
}

/** `drover migrations show`. */
export async function runMigrationShow(io: Io, wanted: string, flags: AskFlags): Promise<void> {
  const migration = await withSession(io, flags, ({ client }) => client.migration(wanted));
  await print(io, flags.output, migration, {
    table: (one) => formatRecord([...columns, ...wideColumns], one),
    name: ({ id }) => `${id}\n`,
  });
}

const columns: readonly Column<Migration>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'VM', cell: ({ vm, vmName }) => vmName ?? vm },
  { title: 'CLASS', cell: (one) => one.class ?? '-' },
  { title: 'IMPORTANCE', cell: ({ importance }) => importance },
  { title: 'FROM', cell: ({ from }) => from },
  { title: 'TO', cell: ({ to }) => to },
  { title: 'STATE', cell: stateText },
  { title: 'TOOK', cell: tookText, align: 'right' },
  { title: 'BLACKOUT', cell: ({ end }) => durationOrDash(end?.blackoutMs), align: 'right' },
];

const wideColumns: readonly Column<Migration>[] = [
  { title: 'REASON', cell: ({ reason }) => reason ?? '-' },
  {
    title: 'BY',
    cell: ({ requestedBy, origin }) => `${requestedBy}${origin === 'adopted' ? ', adopted' : ''}`,
  },
  { title: 'REQUESTED', cell: ({ requestedAt }) => shownInstant(requestedAt) },
  { title: 'DEADLINE', cell: ({ deadlineAt }) => shownInstant(deadlineAt) },
  { title: 'STEERED BY', cell: ({ steeredBy }) => steeredBy ?? '-' },
  { title: 'ERROR', cell: ({ error }) => error?.code ?? '-' },
];

type Standing = Pick<
  Migration,
  'phase' | 'progress' | 'startedAt' | 'endedAt' | 'steeredBy' | 'error'
>;

/** Where it stands, or how it ended. What nobody steers is where somebody last saw it. */
export function stateText(migration: Standing): string {
  const { phase, progress, endedAt, error, startedAt, steeredBy } = migration;
  if (error !== null) return phase === 'aborted' ? phase : 'refused';
  if (endedAt !== null) return phase;
  const percent = progress === null ? '' : ` ${Math.floor(progress.percent)} %`;
  const alone = startedAt !== null && steeredBy === null ? ', nobody steers it' : '';
  return `${phase}${percent}${alone}`;
}

function tookText({ end, progress }: Migration): string {
  return durationOrDash(end?.totalMs ?? progress?.atMs);
}

function durationOrDash(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '-' : formatDuration(ms);
}
