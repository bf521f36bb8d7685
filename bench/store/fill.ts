import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { ColumnTypes, Engine } from '../../src/store/engine.ts';
import type { Tables } from '../../src/store/tables.ts';
import type { Template } from './templates.ts';
import { dayMs, days, perDay, type YearRow, yearEnds, yearRow } from './year.ts';

/** How much of the year's telemetry and events is there, days. */
export interface Kept {
  readonly telemetryDays: number;
  readonly eventDays: number;
}

const batchSize = 500;

const columns: ColumnTypes = {
  id: 'text',
  vm: 'text',
  vm_uuid: 'text',
  from_host: 'text',
  to_host: 'text',
  sla_class: 'text',
  reason: 'text',
  importance: 'text',
  operation_id: 'text',
  requested_by: 'text',
  requested_at: 'bigint',
  started_at: 'bigint',
  ended_at: 'bigint',
  phase: 'text',
  revision: 'bigint',
  template: 'bigint',
};

/** Writes a year of migrations in the statements' own bulk. Returns the number of chapters. */
export async function fillYear(
  engine: Engine,
  templates: readonly Template[],
  kept: Kept,
): Promise<number> {
  await putTemplates(engine, templates);
  for (let day = 0; day < days; day += 1)
    await engine.db.transaction().execute(async (trx) => {
      for (let from = 0; from < perDay; from += batchSize) {
        const rows = Array.from({ length: batchSize }, (_, index) =>
          yearRow(day * perDay + from + index, templates.length),
        );
        await fillBatch(engine, trx, rows, kept);
      }
    });
  await sql`drop table bench_templates`.execute(engine.db);
  const { rows } = await sql<{ count: number }>`select count(*) as count from chapters`.execute(
    engine.db,
  );
  return rows[0]?.count ?? 0;
}

async function fillBatch(
  engine: Engine,
  trx: Transaction<Tables>,
  rows: readonly YearRow[],
  { telemetryDays, eventDays }: Kept,
): Promise<void> {
  await insertMigrations(engine, trx, rows);
  const batch = engine.rows('batch', columns, rows);
  await insertWhatTheyLeave(trx, batch);
  const ageDays = (yearEnds - (rows[0]?.requested_at ?? 0)) / dayMs;
  if (ageDays <= telemetryDays)
    await sql`
      insert into chapters (id, json) select batch.id, t.json from ${batch}
      join bench_templates as t on t.template = batch.template and t.kind = 'chapter'
      order by batch.id, t.n`.execute(trx);
  if (ageDays <= eventDays)
    await sql`
      insert into events (at, type, subject, data)
      select batch.requested_at + t.n, 'migration.phase', batch.id, t.json from ${batch}
      join bench_templates as t on t.template = batch.template and t.kind = 'event'
      order by batch.id, t.n`.execute(trx);
}

/** A name and UUID are known of all that began; the ending is the template's, for all. */
function insertMigrations(
  engine: Engine,
  trx: Transaction<Tables>,
  rows: readonly YearRow[],
): Promise<unknown> {
  return sql`
    insert into migrations (id, origin, vm, vm_name, vm_uuid, from_host, to_host, sla_class, reason,
      importance, operation_id, requested_by, requested_at, started_at, ended_at, phase,
      cancel_requested, revision, ending)
    select batch.id, 'request', batch.vm, batch.vm, batch.vm_uuid, batch.from_host, batch.to_host,
      batch.sla_class, batch.reason, batch.importance, batch.operation_id, batch.requested_by,
      batch.requested_at, batch.started_at, batch.ended_at, batch.phase, 0, batch.revision, t.json
    from ${engine.rows('batch', columns, rows)}
    join bench_templates as t on t.template = batch.template and t.kind = 'ending'`.execute(trx);
}

async function insertWhatTheyLeave(
  trx: Transaction<Tables>,
  batch: RawBuilder<unknown>,
): Promise<void> {
  await sql`
    insert into beginnings (id, json) select batch.id, t.json from ${batch}
    join bench_templates as t on t.template = batch.template and t.kind = 'beginning'`.execute(trx);
  // Both names in their order, as the store's own way of writing a way has them.
  await sql`
    insert into lessons (id, vm_uuid, way, sla_class, json)
    select batch.id, batch.vm_uuid,
      case when batch.from_host < batch.to_host
        then '["' || batch.from_host || '","' || batch.to_host || '"]'
        else '["' || batch.to_host || '","' || batch.from_host || '"]' end,
      batch.sla_class, t.json from ${batch}
    join bench_templates as t on t.template = batch.template and t.kind = 'lesson'`.execute(trx);
  await sql`
    insert into audit (at, who, what, subject, from_address, details, outcome)
    select requested_at, requested_by, 'migration.create', vm, '192.0.2.1', '{}', 'ok'
    from ${batch}`.execute(trx);
}

/** Stays until the year is there, so that what repeats is not sent again and again. */
async function putTemplates(engine: Engine, templates: readonly Template[]): Promise<void> {
  const rows = templates.flatMap(({ beginning, lesson, ending, chapters }, template) => [
    { template, kind: 'beginning', n: 0, json: beginning },
    { template, kind: 'lesson', n: 0, json: lesson },
    { template, kind: 'ending', n: 0, json: ending },
    ...chapters.map((json, n) => ({ template, kind: 'chapter', n, json })),
    ...livePhasesTold.map((phase, n) => ({
      template,
      kind: 'event',
      n,
      json: JSON.stringify({ phase }),
    })),
  ]);
  const types: ColumnTypes = { template: 'bigint', kind: 'text', n: 'bigint', json: 'text' };
  await sql`create table bench_templates (template bigint, kind text, n bigint, json text)`.execute(
    engine.db,
  );
  await sql`
    insert into bench_templates (template, kind, n, json)
    select template, kind, n, json from ${engine.rows('given', types, rows)}`.execute(engine.db);
  await sql`create index bench_templates_by on bench_templates (template, kind)`.execute(engine.db);
}

const livePhasesTold = ['queued', 'preflight', 'copying', 'switching', 'completed'] as const;
