import { CamelCasePlugin, Kysely, PostgresDialect, type RawBuilder, sql } from 'kysely';
import { Pool, types } from 'pg';
import { DroverError } from '../errors/catalogue.ts';
import type { Engine, Gate } from './engine.ts';
import type { Tables } from './tables.ts';

/** A database that does not answer for so long is taken for gone, ms: leases last little longer. */
const connectMs = 10_000;
const answerMs = 5_000;
const mostConnections = 10;

/** Any number that nothing else in the same database uses. */
const gates: Readonly<Record<Gate, number>> = {
  admission: 0x64726f76,
  events: 0x64726f77,
  requests: 0x64726f78,
  inventory: 0x64726f79,
  vms: 0x64726f7a,
};

/** Throws `usage.invalid` where the URL is none. */
export function postgresEngine(url: string): Engine {
  refuseUnreadable(url);
  const pool = new Pool({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    query_timeout: answerMs,
    max: mostConnections,
    application_name: 'drover',
    types: { getTypeParser: parserOf },
  });
  // A connection that breaks is no event, be it idle or between two statements of a transaction:
  // whoever asks next gets a new one, or the error.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin()],
  });
  return {
    kind: 'postgres',
    db,
    transaction: (work) => db.transaction().execute(work),
    leaseNow: databaseMs,
    dayNow: databaseMs,
    boot: '',
    gate: async (trx, gate, key) => {
      // Who has another key with the same hash waits for nothing, which does no harm.
      const lock =
        key === undefined
          ? sql`pg_advisory_xact_lock(${gates[gate]})`
          : sql`pg_advisory_xact_lock(${gates[gate]}, hashtext(${key}))`;
      await sql`select ${lock}`.execute(trx);
    },
    skipLocked: sql`for update skip locked`,
    forUpdate: sql`for update`,
    rows: (name, columns, values) => {
      const fields = Object.entries(columns).map(
        ([field, type]) => sql`${sql.id(field)} ${sql.raw(type)}`,
      );
      return sql`json_to_recordset(${JSON.stringify(values)}::json) as ${sql.id(name)}(${sql.join(fields)})`;
    },
    explain: (error) => explained(error, withoutPassword(url)),
  };
}

/** The replicas' own clocks may differ. */
function databaseMs(): RawBuilder<number> {
  return sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
}

/** Counts and times fit a double; everything else comes as text already. */
function parserOf(oid: Parameters<typeof types.getTypeParser>[0]): (text: string) => unknown {
  const { INT4, INT8, NUMERIC } = types.builtins;
  return [INT4, INT8, NUMERIC].includes(oid) ? Number : types.getTypeParser(oid);
}

const accessHint = 'Look at the user, the password and the name of the database.';
const silentHint = 'It does not answer; it is tried again, and what runs goes on.';

/** Classes of SQLSTATE (PostgreSQL, appendix A) that say that the database cannot serve now. */
const troubles: readonly (readonly [RegExp, string])[] = [
  [/^08|^57P|^55P03/, 'It is tried again: what runs goes on meanwhile.'],
  [/^53/, 'The database has no room or connections left.'],
  [/^25006/, 'The database is read-only: it may be a standby.'],
  [/^28|^3D/, accessHint],
  [/^40/, 'Two writers met too often.'],
];

/** What Node and the client say before the database does. */
const connectTroubles: readonly (readonly [RegExp, string])[] = [
  [/, open '/, 'A file that the URL names cannot be read.'],
  [/ENOTFOUND|EAI_/, 'Look at the name of the host: nobody knows it.'],
  [/SASL|password/i, accessHint],
  [
    /CERT|SSL|TLS/,
    'sslmode and sslrootcert in the URL say whether TLS is spoken, and whose certificates are believed.',
  ],
  [/\bE[A-Z]{3,}\b|connect|timeout|terminated|pool/i, silentHint],
];

function explained(error: unknown, url: string): ReturnType<Engine['explain']> {
  if (!(error instanceof Error)) return undefined;
  const state = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Where several addresses were tried in vain, the error has a code and no words.
  const message = `The store ${url} cannot be used: ${error.message || state}`;
  const known = troubles.find(([states]) => states.test(state));
  if (known !== undefined) return { message, hint: known[1] };
  // A fault of ours in a statement is no trouble of the database.
  if (/^[0-9A-Z]{5}$/.test(state) && /\d/.test(state)) return undefined;
  const hint = connectTroubles.find(([words]) => words.test(`${state} ${error.message}`))?.[1];
  return hint === undefined ? undefined : { message, hint };
}

/** As `pg` reads it, which allows that the host is left out before a path. */
function refuseUnreadable(url: string): void {
  if (URL.canParse(url) || URL.canParse(url.replace('@/', '@host/'))) return;
  throw new DroverError('usage.invalid', "The database's URL cannot be read", {
    hint: 'Write it as postgres://user:password@host/database; in the password / is %2F, @ is %40, : is %3A, # is %23.',
  });
}

function withoutPassword(url: string): string {
  return url
    .replace(/(:\/\/[^:/?#@]*):[^/?#]*@/, '$1:***@')
    .replaceAll(/([?&]password=)[^&]*/g, '$1***');
}
