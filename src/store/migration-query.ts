import { type Kysely, sql, type Transaction } from 'kysely';
import { migrationRow } from './migration-rows.ts';
import type { MigrationRow } from './rows.ts';
import type { MigrationFilter } from './store.ts';
import type { MigrationsTable, Tables } from './tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/** Migrations with what changes all the time beside them. */
export function joinedRows(db: Db) {
  return db
    .selectFrom('migrations')
    .leftJoin('leases', 'leases.id', 'migrations.id')
    .leftJoin('progress', 'progress.id', 'migrations.id')
    .selectAll('migrations')
    .select(['leases.owner', 'leases.epoch', 'progress.json as progressJson']);
}

export async function rowOf(db: Db, id: string): Promise<MigrationRow | undefined> {
  const joined = await joinedRows(db).where('migrations.id', '=', id).executeTakeFirst();
  return joined === undefined ? undefined : migrationRow(joined);
}

type JoinedQuery = ReturnType<typeof joinedRows>;

export function filtered(query: JoinedQuery, filter: MigrationFilter): JoinedQuery {
  const { phases, vm, host, since, until } = filter;
  const equal: Partial<Record<keyof MigrationsTable, string | undefined>> = {
    fromHost: filter.from,
    toHost: filter.to,
    slaClass: filter.slaClass,
    importance: filter.importance,
    reason: filter.reason,
    operationId: filter.operationId,
  };
  let narrowed = query;
  for (const [column, value] of Object.entries(equal))
    if (value !== undefined) narrowed = narrowed.where(sql.ref(`migrations.${column}`), '=', value);
  if (phases !== undefined) narrowed = narrowed.where('phase', 'in', phases);
  if (vm !== undefined)
    narrowed = narrowed.where((eb) =>
      eb.or([eb('vm', '=', vm), eb('vmName', '=', vm), eb('vmUuid', '=', vm)]),
    );
  if (host !== undefined)
    narrowed = narrowed.where((eb) => eb.or([eb('fromHost', '=', host), eb('toHost', '=', host)]));
  if (since !== undefined) narrowed = narrowed.where('requestedAt', '>=', since);
  return until === undefined ? narrowed : narrowed.where('requestedAt', '<', until);
}
