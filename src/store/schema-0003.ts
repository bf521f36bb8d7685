import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** How busy a VM was when it was seen. */
export function busyness(): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('vms').addColumn('busy_share', 'double precision').execute();
    },
  };
}
