/**
 * One process that steers very many migrations at once; see README.md.
 * Usage: node bench/scale/run.ts [--quick] [--engine sqlite|postgres] [--count 1000] [--alive]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { keepHeapSmall } from '../../src/server/heap.ts';
import { startPostgres } from '../../tests/store/postgres.ts';
import { eachOf } from './alive.ts';
import { type Measured, measure } from './measure.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    engine: { type: 'string', multiple: true, default: ['sqlite', 'postgres'] },
    count: { type: 'string', multiple: true, default: [] },
    /** Also counts what lives for each migration, from one count to the next. */
    alive: { type: 'boolean', default: false },
  },
});
const measuredMs = values.quick ? 20_000 : 60_000;
const counts = {
  sqlite: values.quick ? [100, 1_000] : [100, 300, 1_000, 3_000, 10_000],
  postgres: values.quick ? [1_000] : [1_000, 10_000],
} as const;
const aim = { migrations: 10_000, lagP99Ms: 250, cores: 1, rssMb: 512 };

function countsFor(engine: keyof typeof counts): readonly number[] {
  if (!values.engine.includes(engine)) return [];
  return values.count.length > 0 ? values.count.map(Number) : counts[engine];
}

async function onSqlite(count: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-scale-'));
  try {
    const path = join(folder, 'drover.db');
    return await measure(
      { kind: 'sqlite', path, turn: () => setImmediate() },
      count,
      measuredMs,
      values.alive,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function onPostgres(count: number): Promise<Measured> {
  const server = await startPostgres();
  try {
    return await measure({ kind: 'postgres', url: server.url }, count, measuredMs, values.alive);
  } finally {
    await server.remove();
  }
}

const columns: readonly (readonly [title: string, cell: (one: Measured) => string | number])[] = [
  ['store', ({ engine }) => engine],
  ['migrations at once', ({ count }) => count.toLocaleString('en')],
  ['asked for in, s', ({ askedSeconds }) => askedSeconds.toFixed(1)],
  ['under way in, s', ({ startedSeconds }) => startedSeconds.toFixed(1)],
  ['lag p50, ms', ({ lagMs }) => lagMs.p50.toFixed(1)],
  ['lag p99, ms', ({ lagMs }) => lagMs.p99.toFixed(1)],
  ['CPU, cores', ({ cores }) => cores.toFixed(2)],
  ['(the hosts)', ({ hostsCores }) => `(${hostsCores.toFixed(2)})`],
  ['RSS, MB', ({ rssMb }) => Math.round(rssMb)],
  ['calls to hosts, 1/s', ({ callsPerSecond }) => Math.round(callsPerSecond)],
  ['store writes, 1/s', ({ writesPerSecond }) => writesPerSecond.toFixed(1)],
  ['migrations kept, 1/s', ({ reportsPerSecond }) => Math.round(reportsPerSecond)],
  ['events heard, 1/s', ({ heardPerSecond }) => Math.round(heardPerSecond)],
  ['heard late p50, ms', ({ heardLateMs }) => Math.round(heardLateMs.p50)],
  ['heard late p99, ms', ({ heardLateMs }) => Math.round(heardLateMs.p99)],
  ['leases lost', ({ lostLeases }) => lostLeases],
];

function row(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function verdict(all: readonly Measured[]): string {
  const most = all.toSorted((a, b) => b.count - a.count)[0];
  if (most === undefined) return 'nothing was measured';
  const { count, lagMs, cores, rssMb } = most;
  const reached =
    count >= aim.migrations &&
    lagMs.p99 <= aim.lagP99Ms &&
    cores <= aim.cores &&
    rssMb <= aim.rssMb;
  const figures = `migrations ${count} lag_p50_ms ${lagMs.p50.toFixed(1)} lag_p99_ms ${lagMs.p99.toFixed(1)} cpu_cores ${cores.toFixed(2)} rss_mb ${Math.round(rssMb)}`;
  return `${figures} aim_of_10000 ${count < aim.migrations ? 'not measured' : reached ? 'reached' : 'missed'}`;
}

function livesForEach(all: readonly Measured[]): readonly string[] {
  return all.flatMap((many, index) => {
    const few = all[index - 1];
    if (few?.alive === undefined || many.alive === undefined || few.engine !== many.engine)
      return [];
    const { objects, bytes } = eachOf(
      { count: few.count, alive: few.alive },
      { count: many.count, alive: many.alive },
    );
    return [
      `alive ${few.engine} from ${few.count} to ${many.count} objects_each ${Math.round(objects)} bytes_each ${Math.round(bytes)}`,
    ];
  });
}

keepHeapSmall();
row(columns.map(([title]) => title));
row(columns.map(() => '---'));
const all: Measured[] = [];
for (const [engine, on] of [
  ['sqlite', onSqlite],
  ['postgres', onPostgres],
] as const)
  for (const count of countsFor(engine)) {
    const measured = await on(count);
    all.push(measured);
    row(columns.map(([, cell]) => cell(measured)));
  }
for (const line of livesForEach(all)) console.log(line);
console.log(verdict(all));
