import type { AuditEntry } from '../client/client.ts';
import type { AuditFlags } from './flags.ts';
import { fromNow, shownInstant } from './instants.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { type Column, formatTable } from './table.ts';

/** `drover audit`. */
export async function runAudit(io: Io, flags: AuditFlags): Promise<void> {
  const { who, subject, since, limit, output } = flags;
  const filter = { who, subject, since: since === undefined ? undefined : fromNow(-since) };
  const entries = await withSession(io, flags, ({ client }) => client.audit(filter, limit));
  await print(io, output, entries, {
    table: (all) => formatTable(columns, all),
    wide: (all) => formatTable([...columns, ...wideColumns], all),
  });
}

const columns: readonly Column<AuditEntry>[] = [
  { title: 'AT', cell: ({ at }) => shownInstant(at) },
  { title: 'WHO', cell: ({ who }) => who },
  { title: 'FROM', cell: ({ from }) => from },
  { title: 'WHAT', cell: ({ what }) => what },
  { title: 'SUBJECT', cell: ({ subject }) => subject },
  { title: 'OUTCOME', cell: ({ outcome }) => outcome },
];

const wideColumns: readonly Column<AuditEntry>[] = [
  { title: 'DETAILS', cell: ({ details }) => JSON.stringify(details) ?? '-' },
];
