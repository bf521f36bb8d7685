import { CamelCasePlugin, Kysely, PostgresDialect, sql } from 'kysely';
import { Pool, types } from 'pg';
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
};

export function postgresEngine(url: string): Engine {
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
  return {
    kind: 'postgres',
    db: new Kysely<Tables>({
      dialect: new PostgresDialect({ pool }),
      plugins: [new CamelCasePlugin()],
    }),
    leaseNow: () => sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    boot: '',
    gate: async (trx, gate) => {
      await sql`select pg_advisory_xact_lock(${gates[gate]})`.execute(trx);
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

/** Counts and times fit a double; everything else comes as text already. */
function parserOf(oid: Parameters<typeof types.getTypeParser>[0]): (text: string) => unknown {
  const { INT4, INT8, NUMERIC } = types.builtins;
  return [INT4, INT8, NUMERIC].includes(oid) ? Number : types.getTypeParser(oid);
}

/** Classes of SQLSTATE (PostgreSQL, appendix A) that say that the database cannot serve now. */
const troubles: readonly (readonly [RegExp, string])[] = [
  [/^08|^57P|^55P03/, 'It is tried again: what runs goes on meanwhile.'],
  [/^53/, 'The database has no room or connections left.'],
  [/^25006/, 'The database is read-only: it may be a standby.'],
  [/^28|^3D/, 'Look at the user, the password and the name of the database.'],
  [/^40/, 'Two writers met too often.'],
];

function explained(error: unknown, url: string): ReturnType<Engine['explain']> {
  if (!(error instanceof Error)) return undefined;
  const state = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const known = troubles.find(([states]) => states.test(state));
  const message = `The store ${url} cannot be used: ${error.message}`;
  if (known !== undefined) return { message, hint: known[1] };
  const gone = /^E[A-Z]+$/.test(state) || /connect|timeout|terminated|pool/i.test(error.message);
  if (!gone) return undefined;
  return { message, hint: 'It does not answer; it is tried again, and what runs goes on.' };
}

function withoutPassword(url: string): string {
  return url.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1:***@');
}
