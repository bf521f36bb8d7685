import type { Timing } from './measure.ts';
import type { Pruned } from './pruning.ts';
import type { Written } from './writes.ts';

/** All that was measured on one engine. */
export interface Measured {
  readonly engine: 'sqlite' | 'postgres';
  readonly fillSeconds: number;
  readonly chapters: number;
  readonly bytes: number;
  readonly reads: readonly Timing[];
  readonly written: Written;
  readonly pruned: readonly Pruned[];
}

/** What a read may take, ms: p99. */
export const targetMs = 50;

const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const;

export function report(measured: readonly Measured[]): string {
  return [
    circumstances(measured),
    '### Read',
    timings(measured, ({ reads }) => reads),
    '### Written',
    timings(measured, ({ written }) => written.timings),
    rates(measured),
    stalls(measured),
    '### Let go',
    prunings(measured),
  ].join('\n\n');
}

function circumstances(measured: readonly Measured[]): string {
  return measured
    .map(({ engine, chapters, bytes, fillSeconds }) => {
      const gib = (bytes / 2 ** 30).toFixed(1);
      return `- ${names[engine]}: ${chapters} chapters of telemetry, ${gib} GiB, filled in ${fillSeconds.toFixed(0)} s`;
    })
    .join('\n');
}

/** One row a kind of call, two columns an engine; what misses the target is marked. */
function timings(measured: readonly Measured[], of: (one: Measured) => readonly Timing[]): string {
  const heads = measured.flatMap(({ engine }) => [
    `${names[engine]} p50, ms`,
    `${names[engine]} p99, ms`,
  ]);
  const rows = measured.map(of);
  const first = rows[0] ?? [];
  const lines = first.map(({ name }, index) => [
    name,
    ...rows.flatMap((row) => [shown(row[index]?.p50Ms), shown(row[index]?.p99Ms)]),
  ]);
  return table(['', ...heads], lines);
}

function rates(measured: readonly Measured[]): string {
  const rows = measured.map(({ written }) => written.rates);
  const first = rows[0] ?? [];
  return table(
    ['durable writes a second', 'in flight', ...measured.map(({ engine }) => names[engine])],
    first.map(({ name, inFlight }, index) => [
      name,
      String(inFlight),
      ...rows.map((row) => String(Math.round(row[index]?.perSecond ?? Number.NaN))),
    ]),
  );
}

function stalls(measured: readonly Measured[]): string {
  return measured
    .map(({ engine, written }) => {
      const ms = written.longestStallMs.toFixed(0);
      return `- ${names[engine]}: with 10,000 the process stood still for at most ${ms} ms at a time`;
    })
    .join('\n');
}

function prunings(measured: readonly Measured[]): string {
  const heads = measured.flatMap(({ engine }) => [`${names[engine]}, s`, `longest stall, ms`]);
  const rows = measured.map(({ pruned }) => pruned);
  const first = rows[0] ?? [];
  return table(
    ['', ...heads],
    first.map(({ name }, index) => [
      name,
      ...rows.flatMap((row) => [
        (row[index]?.seconds ?? Number.NaN).toFixed(2),
        (row[index]?.longestStallMs ?? Number.NaN).toFixed(0),
      ]),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function shown(ms: number | undefined): string {
  if (ms === undefined) return '';
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(0);
}

/** `key value` pairs. */
export function verdict(measured: readonly Measured[]): string {
  return measured.flatMap(pairsOf).join(' ');
}

function pairsOf({ engine, reads, written, pruned }: Measured): readonly string[] {
  const p99 = (name: string): string =>
    shown(written.timings.find((timing) => timing.name.startsWith(name))?.p99Ms);
  const advances = written.rates.filter(({ name }) => name === 'advance');
  return [
    `${engine}_reads ${reads.length}`,
    `${engine}_reads_over_target ${reads.filter(({ p99Ms }) => p99Ms >= targetMs).length}`,
    `${engine}_worst_read_p99_ms ${shown(Math.max(...reads.map(({ p99Ms }) => p99Ms)))}`,
    ...advances.map(
      ({ inFlight, perSecond }) =>
        `${engine}_advances_per_second_${inFlight}_in_flight ${Math.round(perSecond)}`,
    ),
    `${engine}_renew_2000_p99_ms ${p99('renew 2000')}`,
    `${engine}_renew_10000_p99_ms ${p99('renew 10000')}`,
    `${engine}_report_2000_p99_ms ${p99('report 2000')}`,
    `${engine}_report_10000_p99_ms ${p99('report 10000')}`,
    `${engine}_claim_2000_p99_ms ${p99('claim 2000')}`,
    `${engine}_admit_p99_ms ${p99('admit: 1,000')}`,
    `${engine}_prune_stall_ms ${Math.max(...pruned.map(({ longestStallMs }) => longestStallMs)).toFixed(0)}`,
  ];
}
