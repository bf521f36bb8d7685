import { sql } from 'kysely';
import { DroverError } from '../errors/catalogue.ts';
import { storeFile } from '../fleet/state-dir.ts';
import type { Engine } from './engine.ts';
import { HostTable, VmTable } from './fleet-tables.ts';
import { LeaseTable } from './lease-table.ts';
import { MigrationTable } from './migrations.ts';
import { ClosureTable, OperationTable } from './operation-tables.ts';
import { AuditTable, RequestTable, TokenTable } from './people-tables.ts';
import { prune } from './prune.ts';
import { migrateSchema } from './schema.ts';
import { Session } from './session.ts';
import { EventTable, ReplicaTable } from './shared-tables.ts';
import type { Store } from './store.ts';

/** Where a store is. */
export type StorePlace =
  | {
      readonly kind: 'sqlite';
      readonly path: string;
      /** Ends when those who write in the same moment have come: they are written together. */
      readonly turn?: () => Promise<void>;
      /** The clock by which leases end, ms; the machine's own where a simulation brings none. */
      readonly leaseMs?: () => number;
    }
  | { readonly kind: 'postgres'; readonly url: string };

/** The oldest PostgreSQL that is tried: Debian 12's. */
const oldestPostgres = 15;

/** The database that the environment names, else a file in the state directory. */
export function storePlace(env: Readonly<Record<string, string | undefined>>): StorePlace {
  const url = env['DROVER_DATABASE_URL'];
  if (url === undefined || url === '') return { kind: 'sqlite', path: storeFile(env) };
  return postgresPlace('DROVER_DATABASE_URL', url);
}

/** The database of this URL, which somebody gave by `field`. */
export function postgresPlace(field: string, url: string): StorePlace {
  if (/^postgres(ql)?:\/\//.test(url)) return { kind: 'postgres', url };
  throw new DroverError('usage.invalid', `${field} is no PostgreSQL URL`, {
    hint: 'Write it as postgres://user:password@host/database; without it, a file is used.',
  });
}

/**
 * Opens a store and brings its schema up to date. Rejects with `store.unavailable`, and with
 * `store.unsupported` where the database is too old, or newer than this Drover.
 */
export async function openStore(place: StorePlace): Promise<Store> {
  const session = new Session(await engineAt(place));
  try {
    if (place.kind === 'postgres') await checkVersion(session);
    await migrateSchema(session);
  } catch (error) {
    await session.engine.db.destroy();
    throw error;
  }
  return {
    engine: place.kind,
    migrations: new MigrationTable(session),
    leases: new LeaseTable(session),
    hosts: new HostTable(session),
    vms: new VmTable(session),
    operations: new OperationTable(session),
    closures: new ClosureTable(session),
    events: new EventTable(session),
    audit: new AuditTable(session),
    tokens: new TokenTable(session),
    requests: new RequestTable(session),
    replicas: new ReplicaTable(session),
    check: () => check(session),
    prune: (keep, now) => prune(session, keep, now),
    close: () => session.engine.db.destroy(),
  };
}

async function engineAt(place: StorePlace): Promise<Engine> {
  if (place.kind === 'postgres') {
    const { postgresEngine } = await import('./postgres.ts');
    return postgresEngine(place.url);
  }
  const { explainSqlite, sqliteEngine } = await import('./sqlite.ts');
  try {
    return sqliteEngine(place.path, place.turn, place.leaseMs);
  } catch (error) {
    const explained = explainSqlite(error, place.path);
    if (explained === undefined) throw error;
    const { message, hint } = explained;
    throw new DroverError('store.unavailable', message, { hint, cause: error });
  }
}

async function checkVersion(session: Session): Promise<void> {
  const { rows } = await session.read((db) =>
    sql<{ version: string }>`select current_setting('server_version_num') as version`.execute(db),
  );
  const major = Math.floor(Number(rows[0]?.version ?? 0) / 10_000);
  if (major >= oldestPostgres) return;
  const message = `PostgreSQL ${major} is too old: ${oldestPostgres} is the oldest that is supported`;
  throw new DroverError('store.unsupported', message);
}

/** Something small is really written. */
function check(session: Session): Promise<void> {
  return session.write(async (trx) => {
    const row = { name: 'check', owner: '', until: 0, boot: '' };
    await trx
      .insertInto('duties')
      .values(row)
      .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
      .execute();
  });
}
