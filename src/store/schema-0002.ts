import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Engine } from './engine.ts';

/** Operations, as they are since they are carried out; before, there was a table that nothing wrote to. */
export function operations(kind: Engine['kind']): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.dropTable('operations').execute();
      await db.schema
        .createTable('operations')
        .addColumn('id', kind === 'sqlite' ? 'text' : sql<string>`text collate "C"`, (column) =>
          column.primaryKey(),
        )
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('host', 'text')
        .addColumn('aims', 'text', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('importance', 'text', (column) => column.notNull())
        .addColumn('deadline_at', 'bigint')
        .addColumn('requested_by', 'text', (column) => column.notNull())
        .addColumn('requested_at', 'bigint', (column) => column.notNull())
        .addColumn('ended_at', 'bigint')
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('revision', 'integer', (column) => column.notNull())
        .addColumn('report', 'text')
        .execute();
      await db.schema
        .createIndex('operations_by_state')
        .on('operations')
        .columns(['state', 'id'])
        .execute();
      await db.schema
        .createTable('closures')
        .addColumn('host', 'text', (column) => column.primaryKey())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('by', 'text', (column) => column.notNull())
        .addColumn('operation_id', 'text', (column) => column.notNull())
        .execute();
    },
  };
}
