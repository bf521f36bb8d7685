import { type CreateTableBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Engine } from './engine.ts';
import { tellPlanner } from './statistics.ts';

/** A step of the schema sees the tables as they were then, not as they are typed now. */
type Then = Kysely<unknown>;

export function first(kind: Engine['kind']): Migration {
  return {
    async up(db: Then): Promise<void> {
      await migrations(db, kind);
      await whatMigrationsLeave(db, kind);
      await fleet(db, kind);
      await people(db, kind);
      await replicas(db);
      if (kind === 'sqlite') await tellPlanner(db);
    },
  };
}

async function migrations(db: Then, kind: Engine['kind']): Promise<void> {
  await db.schema
    .createTable('migrations')
    .addColumn('id', idType(kind), (column) => column.primaryKey())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('vm', 'text', (column) => column.notNull())
    .addColumn('vm_name', 'text')
    .addColumn('vm_uuid', 'text')
    .addColumn('from_host', 'text', (column) => column.notNull())
    .addColumn('to_host', 'text', (column) => column.notNull())
    .addColumn('sla_class', 'text')
    .addColumn('reason', 'text')
    .addColumn('importance', 'text', (column) => column.notNull())
    .addColumn('deadline_at', 'bigint')
    .addColumn('operation_id', 'text')
    .addColumn('requested_by', 'text', (column) => column.notNull())
    .addColumn('request_key', 'text')
    .addColumn('requested_at', 'bigint', (column) => column.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('cancel_requested', 'integer', (column) => column.notNull())
    .addColumn('point_of_no_return_at', 'bigint')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('error', 'text')
    .addColumn('ending', 'text')
    .execute();
  const by = ['phase', 'vm', 'vm_name', 'vm_uuid', 'from_host', 'to_host', 'sla_class'];
  for (const column of [...by, 'importance', 'reason', 'operation_id'])
    await index(db, 'migrations', [column, 'requested_at', 'id']);
  await index(db, 'migrations', ['requested_at', 'id']);
  await db.schema
    .createIndex('migrations_by_request')
    .on('migrations')
    .columns(['requested_by', 'request_key'])
    .unique()
    .execute();
}

async function whatMigrationsLeave(db: Then, kind: Engine['kind']): Promise<void> {
  await db.schema
    .createTable('leases')
    .addColumn('id', idType(kind), (column) => column.primaryKey())
    .addColumn('owner', 'text')
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addColumn('boot', 'text', (column) => column.notNull())
    .execute();
  await byId(db, kind, 'beginnings');
  await db.schema
    .createTable('lessons')
    .addColumn('id', idType(kind), (column) => column.primaryKey())
    .addColumn('vm_uuid', 'text')
    .addColumn('way', 'text', (column) => column.notNull())
    .addColumn('sla_class', 'text')
    .addColumn('json', 'text', (column) => column.notNull())
    .execute();
  for (const column of ['vm_uuid', 'way', 'sla_class']) await index(db, 'lessons', [column, 'id']);
  await db.schema
    .createTable('progress')
    .addColumn('id', idType(kind), (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('json', 'text', (column) => column.notNull())
    .execute();
  await numbered(db, kind, 'chapters')
    .addColumn('id', idType(kind), (column) => column.notNull())
    .addColumn('json', 'text', (column) => column.notNull())
    .execute();
  await index(db, 'chapters', ['id', 'seq']);
  await numbered(db, kind, 'events')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .execute();
  await index(db, 'events', ['at']);
}

async function fleet(db: Then, kind: Engine['kind']): Promise<void> {
  await db.schema
    .createTable('hosts')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('uri', 'text', (column) => column.notNull())
    .addColumn('peer_uri', 'text')
    .addColumn('post_copy', 'text', (column) => column.notNull())
    .addColumn('bandwidth_bytes_per_second', 'bigint')
    .addColumn('max_outgoing', 'integer')
    .addColumn('max_incoming', 'integer')
    .addColumn('link', 'text')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('vms')
    .addColumn('uuid', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('memory_bytes', 'bigint', (column) => column.notNull())
    .addColumn('virtual_cpus', 'integer', (column) => column.notNull())
    .addColumn('sla_class', 'text', (column) => column.notNull())
    .addColumn('foreign_job', 'integer', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('vms_key', ['host', 'uuid'])
    .execute();
  await index(db, 'vms', ['name']);
  await db.schema
    .createTable('vm_writes')
    .addColumn('uuid', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('bytes_per_second', 'double precision', (column) => column.notNull())
    .addPrimaryKeyConstraint('vm_writes_key', ['uuid', 'at'])
    .execute();
  await db.schema
    .createTable('operations')
    .addColumn('id', idType(kind), (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('importance', 'text', (column) => column.notNull())
    .addColumn('deadline_at', 'bigint')
    .addColumn('requested_by', 'text', (column) => column.notNull())
    .addColumn('requested_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .execute();
}

async function people(db: Then, kind: Engine['kind']): Promise<void> {
  await numbered(db, kind, 'audit')
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('who', 'text', (column) => column.notNull())
    .addColumn('what', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('from_address', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .execute();
  for (const column of ['who', 'subject']) await index(db, 'audit', [column, 'seq']);
  await index(db, 'audit', ['at']);
  await db.schema
    .createTable('tokens')
    .addColumn('id', idType(kind), (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .execute();
  await db.schema
    .createTable('requests')
    .addColumn('who', 'text', (column) => column.notNull())
    .addColumn('request_key', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('status', 'integer')
    .addColumn('body', 'text')
    .addPrimaryKeyConstraint('requests_key', ['who', 'request_key'])
    .execute();
}

async function replicas(db: Then): Promise<void> {
  await db.schema
    .createTable('replicas')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('steering', 'integer', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addColumn('boot', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('duties')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .addColumn('boot', 'text', (column) => column.notNull())
    .execute();
}

/** Ids sort by their bytes, as they are made to, whatever language the database has. */
function idType(kind: Engine['kind']): 'text' | RawBuilder<string> {
  return kind === 'sqlite' ? 'text' : sql<string>`text collate "C"`;
}

/** A table whose rows are numbered in the order in which they come. */
function numbered(
  db: Then,
  kind: Engine['kind'],
  name: string,
): CreateTableBuilder<string, string> {
  const table = db.schema.createTable(name);
  if (kind === 'sqlite')
    return table.addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement());
  return table.addColumn('seq', sql`bigint`, (column) =>
    column.generatedAlwaysAsIdentity().primaryKey(),
  );
}

function byId(db: Then, kind: Engine['kind'], name: string): Promise<void> {
  return db.schema
    .createTable(name)
    .addColumn('id', idType(kind), (column) => column.primaryKey())
    .addColumn('json', 'text', (column) => column.notNull())
    .execute();
}

function index(db: Then, table: string, columns: readonly string[]): Promise<void> {
  return db.schema
    .createIndex(`${table}_by_${columns[0]}`)
    .on(table)
    .columns([...columns])
    .execute();
}
