import { type Kysely, sql } from 'kysely';

/**
 * How many rows a table has in a year, and how many of them share one value of each index: SQLite's
 * planner goes by such figures. It would count them itself if it was asked to (`analyze`), but not
 * that nearly all migrations have one phase: the few that are under way, which are looked for all the
 * time, it would take for a fifth of all. A planner that is told has one plan, always.
 */
const rowsOfAYear: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  migrations: {
    sqlite_autoindex_migrations_1: '365000 1',
    migrations_by_operation_id: '365000 40 1 1',
    migrations_by_vm: '365000 73 1 1',
    migrations_by_vm_name: '365000 73 1 1',
    migrations_by_vm_uuid: '365000 73 1 1',
    migrations_by_from_host: '365000 3650 1 1',
    migrations_by_to_host: '365000 3650 1 1',
    migrations_by_phase: '365000 5000 1 1',
    migrations_by_reason: '365000 73000 1 1',
    migrations_by_sla_class: '365000 122000 1 1',
    migrations_by_importance: '365000 122000 1 1',
    migrations_by_requested_at: '365000 1 1',
    migrations_by_request: '365000 30000 1',
  },
  leases: { sqlite_autoindex_leases_1: '1000 1' },
  progress: { sqlite_autoindex_progress_1: '1000 1' },
  chapters: { chapters_by_id: '1000000 10 1' },
};

/** See "The sqlite_stat1 table" in SQLite's description of its file format. */
export async function tellPlanner(db: Kysely<unknown>): Promise<void> {
  // Makes the table of statistics, and counts nothing.
  await sql`analyze sqlite_schema`.execute(db);
  for (const [table, indexes] of Object.entries(rowsOfAYear))
    for (const [index, figures] of Object.entries(indexes))
      await sql`insert into sqlite_stat1 (tbl, idx, stat) values (${table}, ${index}, ${figures})`.execute(
        db,
      );
  // Read by other connections when they open the file, and by this one now.
  await sql`analyze sqlite_schema`.execute(db);
}
