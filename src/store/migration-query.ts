import {
  type Kysely,
  type RawBuilder,
  type SelectQueryBuilder,
  sql,
  type Transaction,
} from 'kysely';
import { DroverError } from '../errors/catalogue.ts';
import type { Engine } from './engine.ts';
import { lasts } from './leasing.ts';
import { migrationRow } from './migration-rows.ts';
import type { MigrationRow } from './rows.ts';
import type { MigrationFilter } from './store.ts';
import type { MigrationsTable, Tables } from './tables.ts';

export type Db = Kysely<Tables> | Transaction<Tables>;

/** Migrations with what changes all the time beside them. Whose lease has ended steers no more. */
export function joinedRows(db: Db, engine: Engine) {
  return db
    .selectFrom('migrations')
    .leftJoin('leases', 'leases.id', 'migrations.id')
    .leftJoin('progress', 'progress.id', 'migrations.id')
    .selectAll('migrations')
    .select([
      sql<string | null>`case when ${lasts(engine)} then leases.owner end`.as('owner'),
      'leases.epoch',
      'progress.json as progressJson',
    ]);
}

export async function rowOf(db: Db, engine: Engine, id: string): Promise<MigrationRow | undefined> {
  const joined = await joinedRows(db, engine).where('migrations.id', '=', id).executeTakeFirst();
  return joined === undefined ? undefined : migrationRow(joined);
}

type IdQuery = SelectQueryBuilder<Tables, 'migrations', { id: string }>;
/** A column and the value that it must have. */
type Equal = readonly [column: keyof MigrationsTable, value: string];

/**
 * The ids of the newest `limit` that fit, in no order. Where several columns or values can meet a
 * part of the filter, each is asked for alone: its index has the newest first, so that a page is
 * read and no more. Together, all that fit would have to be read and sorted.
 */
export function newestIds(db: Db, filter: MigrationFilter, limit: number, after?: string) {
  const [first, ...others] = partsOf(filter);
  const migrations = db.selectFrom('migrations').select('id');
  const narrowed = others.reduce<IdQuery>(
    (query, part) => query.where((eb) => eb.or(part.map(isTrue))),
    within(beyond(migrations, after), filter),
  );
  const [query, ...queries] = (first ?? [undefined]).map((way) => {
    const met = way === undefined ? narrowed : narrowed.where(isTrue(way));
    const newest = met.orderBy('requestedAt', 'desc').orderBy('id', 'desc').limit(limit);
    return db.selectFrom(newest.as('newest')).select('id');
  });
  if (query === undefined) return migrations.where(sql.lit(false));
  return queries.reduce((all, one) => all.unionAll(one), query);
}

/** Every part has to be met; each lists the ways in which it can be. */
function partsOf({ vm, host, phases, ...filter }: MigrationFilter): readonly (readonly Equal[])[] {
  const single: readonly (readonly [keyof MigrationsTable, string | undefined])[] = [
    ['fromHost', filter.from],
    ['toHost', filter.to],
    ['slaClass', filter.slaClass],
    ['importance', filter.importance],
    ['reason', filter.reason],
    ['operationId', filter.operationId],
  ];
  return [
    ...(vm === undefined ? [] : [waysOf(['vm', 'vmName', 'vmUuid'], vm)]),
    ...(host === undefined ? [] : [waysOf(['fromHost', 'toHost'], host)]),
    ...(phases === undefined ? [] : [phases.map((phase): Equal => ['phase', phase])]),
    ...single.flatMap(([column, value]) => (value === undefined ? [] : [waysOf([column], value)])),
  ];
}

function waysOf(columns: readonly (keyof MigrationsTable)[], value: string): readonly Equal[] {
  return columns.map((column) => [column, value]);
}

function isTrue([column, value]: Equal): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} = ${value}`;
}

function within(query: IdQuery, { since, until }: MigrationFilter): IdQuery {
  const from = since === undefined ? query : query.where('requestedAt', '>=', since);
  return until === undefined ? from : from.where('requestedAt', '<', until);
}

/** Where a page ends. */
export function placeOf({ requestedAt, id }: Pick<MigrationRow, 'requestedAt' | 'id'>): string {
  return `${requestedAt}.${id}`;
}

/** Throws `usage.invalid` for what `placeOf` did not give. */
function beyond(query: IdQuery, place: string | undefined): IdQuery {
  if (place === undefined) return query;
  const [, at, id] = /^(\d{1,15})\.(.+)$/.exec(place) ?? [];
  if (at === undefined || id === undefined)
    throw new DroverError('usage.invalid', `after: '${place.slice(0, 40)}' is no page's end`);
  return query.where(sql<boolean>`(requested_at, id) < (${Number(at)}, ${id})`);
}
