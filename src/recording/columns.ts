import { DroverError } from '../errors/catalogue.ts';
import type { Sample, SamplePhase } from '../forecast/telemetry.ts';

/**
 * Telemetry as columns, each a text of differences from one reading to the next: `4096 0*12 8192`
 * stands for 4096, twelve times 0 and 8192. A minute of telemetry is a few kilobytes, and nothing
 * is lost but what is below a microsecond.
 */
export type SampleColumns = Readonly<
  Record<Exclude<ColumnName, LaterColumn>, string> & Partial<Record<LaterColumn, string>>
>;

export const numberFields = [
  'memoryTotalBytes',
  'memoryRemainingBytes',
  'memorySentBytes',
  'normalPages',
  'constantPages',
  'pageSizeBytes',
  'dirtyRateBytesPerSecond',
  'throughputBytesPerSecond',
  'iteration',
  'throttlePercent',
  'postCopyRequests',
  'inTurnBytesPerSecond',
] as const satisfies readonly (keyof Sample)[];
type NumberField = (typeof numberFields)[number];

export const columnNames = ['atUs', ...numberFields, 'phase'] as const;
type ColumnName = (typeof columnNames)[number];

/** Telemetry of before it was kept does not have it: then nothing was known of it. */
export const laterColumn = 'inTurnBytesPerSecond' satisfies NumberField;
type LaterColumn = typeof laterColumn;

const phases = ['setup', 'pre-copy', 'post-copy'] as const satisfies readonly SamplePhase[];

export function encodeSamples(samples: readonly Sample[]): SampleColumns {
  const column = (field: NumberField): string => packed(samples, (sample) => sample[field] ?? 0);
  return {
    atUs: packed(samples, ({ atMs }) => Math.round(atMs * 1000)),
    memoryTotalBytes: column('memoryTotalBytes'),
    memoryRemainingBytes: column('memoryRemainingBytes'),
    memorySentBytes: column('memorySentBytes'),
    normalPages: column('normalPages'),
    constantPages: column('constantPages'),
    pageSizeBytes: column('pageSizeBytes'),
    dirtyRateBytesPerSecond: column('dirtyRateBytesPerSecond'),
    throughputBytesPerSecond: column('throughputBytesPerSecond'),
    iteration: column('iteration'),
    throttlePercent: column('throttlePercent'),
    postCopyRequests: column('postCopyRequests'),
    inTurnBytesPerSecond: column('inTurnBytesPerSecond'),
    phase: packed(samples, ({ phase }) => phases.indexOf(phase)),
  };
}

/** Throws `recording.invalid`, which names the column, where one cannot be read. */
export function decodeSamples(columns: SampleColumns): Sample[] {
  const values = new Map(
    columnNames.map((name) => [name, sums(unpacked(name, columns[name] ?? ''))]),
  );
  const count = values.get('atUs')?.length ?? 0;
  for (const [name, column] of values) {
    if (column.length === count || (name === laterColumn && column.length === 0)) continue;
    throw invalid(name, `it has ${column.length} readings, and there are ${count} times`);
  }
  const at = (name: ColumnName, index: number): number => values.get(name)?.[index] ?? 0;
  return Array.from({ length: count }, (_, index) =>
    sampleOf((field) => at(field, index), at('atUs', index) / 1000, phaseOf(at('phase', index))),
  );
}

/** A sample of these numbers. */
export function sampleOf(
  at: (field: NumberField) => number,
  atMs: number,
  phase: SamplePhase,
): Sample {
  const inTurnBytesPerSecond = at('inTurnBytesPerSecond');
  return {
    atMs,
    memoryTotalBytes: at('memoryTotalBytes'),
    memoryRemainingBytes: at('memoryRemainingBytes'),
    memorySentBytes: at('memorySentBytes'),
    normalPages: at('normalPages'),
    constantPages: at('constantPages'),
    pageSizeBytes: at('pageSizeBytes'),
    dirtyRateBytesPerSecond: at('dirtyRateBytesPerSecond'),
    throughputBytesPerSecond: at('throughputBytesPerSecond'),
    iteration: at('iteration'),
    throttlePercent: at('throttlePercent'),
    postCopyRequests: at('postCopyRequests'),
    // 0 stands for what is not known.
    ...(inTurnBytesPerSecond > 0 ? { inTurnBytesPerSecond } : {}),
    phase,
  };
}

function phaseOf(index: number): SamplePhase {
  const phase = phases[index];
  if (phase === undefined) throw invalid('phase', `${index} is none`);
  return phase;
}

function sums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}

/** Nothing is made of it on the way but the text: thousands of migrations are kept every few seconds. */
function packed(samples: readonly Sample[], valueOf: (sample: Sample) => number): string {
  let text = '';
  let before = 0;
  let difference = 0;
  let times = 0;
  for (const sample of samples) {
    const value = valueOf(sample);
    if (times > 0 && value - before !== difference) {
      text += `${wordOf(difference, times)} `;
      times = 0;
    }
    difference = value - before;
    before = value;
    times += 1;
  }
  return times === 0 ? text : text + wordOf(difference, times);
}

function wordOf(difference: number, times: number): string {
  return times > 1 ? `${difference}*${times}` : `${difference}`;
}

/** More readings than this no migration has: a broken count must not fill the memory. */
const mostReadings = 1_000_000;

function unpacked(name: string, text: string): number[] {
  const values: number[] = [];
  for (const word of text.split(' ')) {
    if (word === '') continue;
    const match = /^(-?\d+(?:\.\d+)?(?:e[+-]\d+)?)(?:\*(\d+))?$/.exec(word);
    if (match === null) throw invalid(name, `'${word}' is no difference`);
    const times = Number(match[2] ?? 1);
    if (values.length + times > mostReadings) throw invalid(name, 'it has too many readings');
    for (let index = 0; index < times; index += 1) values.push(Number(match[1]));
  }
  return values;
}

function invalid(column: string, why: string): DroverError {
  return new DroverError('recording.invalid', `samples.${column}: ${why}`);
}
