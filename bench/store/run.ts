/**
 * How fast the store answers and writes once it holds a year; see README.md.
 * Usage: node bench/store/run.ts [--quick] [--engine sqlite|postgres]
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import { Client } from 'pg';
import { randomFrom } from '../../src/hypervisor/simulated-random.ts';
import type { Engine } from '../../src/store/engine.ts';
import { openStore, type StorePlace } from '../../src/store/open.ts';
import { postgresEngine } from '../../src/store/postgres.ts';
import { sqliteEngine } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { startPostgres } from '../../tests/store/postgres.ts';
import { fillYear, type Kept } from './fill.ts';
import { type Timing, timed } from './measure.ts';
import { prunings } from './pruning.ts';
import { reads } from './reads.ts';
import { type Measured, report, verdict } from './report.ts';
import { readTemplates, type Template } from './templates.ts';
import { Writer } from './writes.ts';
import { days } from './year.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    engine: { type: 'string', multiple: true, default: ['sqlite', 'postgres'] },
  },
});

/** Quick: as long as telemetry and events are kept where nobody says otherwise. */
const kept: Kept = values.quick
  ? { telemetryDays: 90, eventDays: 30 }
  : { telemetryDays: days, eventDays: days };
const effort = values.quick
  ? { calls: 200, longestMs: 2_000, rateMs: 3_000 }
  : { calls: 500, longestMs: 10_000, rateMs: 10_000 };

async function onSqlite(templates: readonly Template[]): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-bench-store-'));
  const path = join(folder, 'drover.db');
  try {
    return await measure({ kind: 'sqlite', path }, templates, {
      engine: () => hasty(sqliteEngine(path)),
      settle: async () => (await stat(path)).size,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is filled in bulk need not survive a power cut, and has more memory. */
async function hasty(engine: Engine): Promise<Engine> {
  await sql`pragma synchronous = off`.execute(engine.db);
  await sql`pragma cache_size = -1000000`.execute(engine.db);
  return engine;
}

async function onPostgres(templates: readonly Template[]): Promise<Measured> {
  const server = await startPostgres();
  try {
    return await measure({ kind: 'postgres', url: server.url }, templates, {
      engine: () => Promise.resolve(postgresEngine(server.url)),
      settle: () => vacuumed(server.url),
    });
  } finally {
    await server.remove();
  }
}

interface Bulk {
  readonly engine: () => Promise<Engine>;
  /** What a year of running has brought about by itself. Returns the size, bytes. */
  readonly settle: () => Promise<number>;
}

async function measure(
  place: StorePlace,
  templates: readonly Template[],
  { engine, settle }: Bulk,
): Promise<Measured> {
  const store = await openStore(place);
  try {
    const startMs = performance.now();
    const chapters = await filled(await engine(), templates);
    const fillSeconds = (performance.now() - startMs) / 1000;
    const bytes = await settle();
    console.error(`${place.kind}: filled in ${fillSeconds.toFixed(0)} s`);
    return {
      engine: place.kind,
      fillSeconds,
      chapters,
      bytes,
      reads: await readAll(store, templates.length),
      written: await new Writer(store, templates, { rateMs: effort.rateMs, settle }).measure(),
      pruned: await prunings(store, kept.telemetryDays),
    };
  } finally {
    await store.close();
  }
}

async function filled(engine: Engine, templates: readonly Template[]): Promise<number> {
  try {
    return await fillYear(engine, templates, kept);
  } finally {
    await engine.db.destroy();
  }
}

/** Autovacuum would have done so by itself in all that time. */
async function vacuumed(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('vacuum analyze');
    const { rows } = await client.query<{ bytes: string }>(
      'select pg_database_size(current_database()) as bytes',
    );
    return Number(rows[0]?.bytes ?? 0);
  } finally {
    await client.end();
  }
}

async function readAll(store: Store, templates: number): Promise<readonly Timing[]> {
  const about = { templates, telemetryDays: kept.telemetryDays };
  const all: Timing[] = [];
  for (const { name, ask } of reads) {
    const random = randomFrom(1);
    all.push(await timed(name, effort, () => ask(store, random, about)));
  }
  return all;
}

const engines = { sqlite: onSqlite, postgres: onPostgres } as const;
const templates = await readTemplates();
const measured: Measured[] = [];
for (const [name, run] of Object.entries(engines))
  if (values.engine.includes(name)) measured.push(await run(templates));
console.log(`${report(measured)}\n\n${verdict(measured)}`);
