import { sql } from 'kysely';
import { livePhases } from './rows.ts';
import type { Session } from './session.ts';
import type { Retention } from './store.ts';

/** So many at a time: nobody waits for long while old ones go. */
const batch = 500;

/** Lets go of what is older than it is to be kept. What has not ended stays. */
export async function prune(session: Session, keep: Retention, now: number): Promise<void> {
  await pruneTelemetry(session, now - keep.telemetryMs);
  await repeat(() => pruneMigrations(session, now - keep.migrationsMs));
  for (const [table, before] of [
    ['events', now - keep.eventsMs],
    ['audit', now - keep.auditMs],
  ] as const)
    await repeat(() => pruneNumbered(session, table, before));
  await pruneSmall(session, keep, now);
}

/** What grows slowly goes at once. */
async function pruneSmall(session: Session, keep: Retention, now: number): Promise<void> {
  const { engine } = session;
  const migrationsEnd = now - keep.migrationsMs;
  await session.write(async (trx) => {
    await trx
      .deleteFrom('requests')
      .where('at', '<', now - keep.eventsMs)
      .execute();
    await trx.deleteFrom('operations').where('endedAt', '<', migrationsEnd).execute();
    await trx.deleteFrom('vmWrites').where('at', '<', migrationsEnd).execute();
    // Each start of a replica has a name of its own. One that lives says so again by itself.
    for (const table of ['replicas', 'duties'])
      await sql`delete from ${sql.table(table)} where until <= ${engine.leaseNow()} or boot <> ${engine.boot}`.execute(
        trx,
      );
  });
}

async function repeat(step: () => Promise<number>): Promise<void> {
  while ((await step()) === batch) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Most that are old have no telemetry any more, and are not looked at: those that have some are
 * found in the telemetry itself, which goes by id and so by time, and ends at the last that is old.
 */
async function pruneTelemetry(session: Session, before: number): Promise<void> {
  const last = await session.read((db) =>
    db
      .selectFrom('migrations')
      .select(({ fn }) => fn.max('id').as('id'))
      .where('requestedAt', '<', before)
      .executeTakeFirst(),
  );
  if (last !== undefined) await repeat(() => pruneChapters(session, before, last.id));
}

function pruneChapters(session: Session, before: number, lastId: string): Promise<number> {
  return session.write(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      select distinct chapters.id from chapters join migrations on migrations.id = chapters.id
      where chapters.id <= ${lastId}
        and migrations.requested_at < ${before} and migrations.phase not in (${unended()})
      order by chapters.id limit ${batch}`.execute(trx);
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) await trx.deleteFrom('chapters').where('id', 'in', ids).execute();
    return ids.length;
  });
}

function pruneMigrations(session: Session, before: number): Promise<number> {
  return session.write(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      select id from migrations
      where requested_at < ${before} and phase not in (${unended()}) limit ${batch}`.execute(trx);
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    for (const table of ['chapters', 'beginnings', 'lessons', 'progress', 'leases'] as const)
      await trx.deleteFrom(table).where('id', 'in', ids).execute();
    await trx.deleteFrom('migrations').where('id', 'in', ids).execute();
    return ids.length;
  });
}

function pruneNumbered(
  session: Session,
  table: 'events' | 'audit',
  before: number,
): Promise<number> {
  return session.write(async (trx) => {
    const rows = await trx
      .selectFrom(table)
      .select('seq')
      .where('at', '<', before)
      .limit(batch)
      .execute();
    const seqs = rows.map(({ seq }) => seq);
    if (seqs.length > 0) await trx.deleteFrom(table).where('seq', 'in', seqs).execute();
    return seqs.length;
  });
}

function unended(): ReturnType<typeof sql.join> {
  return sql.join([...livePhases, 'unknown'].map((phase) => sql.val(phase)));
}
