import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { DroverError } from '../errors/catalogue.ts';
import type { Engine } from './engine.ts';
import { first } from './schema-0001.ts';
import { operations } from './schema-0002.ts';
import { busyness } from './schema-0003.ts';
import { splitVms } from './schema-0004.ts';
import type { Session } from './session.ts';
import type { Tables } from './tables.ts';

/** Every step that the schema has taken, in order. What is here is never changed: a step is added. */
const steps = {
  '0001-first': first,
  '0002-operations': operations,
  '0003-busyness': busyness,
  '0004-split-vms': splitVms,
} as const;
type Steps = Readonly<Record<string, Migration>>;

/** Brings the schema to what this version of Drover knows; several may do so at once. */
export async function migrateSchema(session: Session): Promise<void> {
  await session.translated(async () => {
    const { db, kind } = session.engine;
    await refuseNewer(db);
    const migrator = new Migrator({
      db,
      provider: { getMigrations: () => Promise.resolve(stepsOn(kind)) },
      migrationTableName: 'schema_step',
      migrationLockTableName: 'schema_lock',
    });
    const { error } = await migrator.migrateToLatest();
    if (error instanceof Error) throw error;
    if (error !== undefined)
      throw new Error('the schema could not be brought up to date', { cause: error });
  });
}

function stepsOn(kind: Engine['kind']): Steps {
  return Object.fromEntries(Object.entries(steps).map(([name, step]) => [name, step(kind)]));
}

async function refuseNewer(db: Kysely<Tables>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'schema_step')) return;
  const { rows } = await sql<{ name: string }>`select name from schema_step`.execute(db);
  const unknown = rows.map(({ name }) => name).filter((name) => !(name in steps));
  if (unknown.length === 0) return;
  throw new DroverError(
    'store.unsupported',
    `A newer Drover has been at this store: it has taken ${unknown.join(', ')}, which is not known here`,
    { hint: 'Use that version, or a store of its own for this one. Nothing was changed.' },
  );
}
