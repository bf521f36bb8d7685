import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Whether a VM was seen to run on another host at the same time. */
export function splitVms(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .alterTable('vms')
        .addColumn('split', 'integer', (column) => column.notNull().defaultTo(0))
        .execute();
    },
  };
}
