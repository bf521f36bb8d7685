import { DroverError } from '../../errors/catalogue.ts';
import {
  type FieldName,
  type FieldSyntax,
  fieldSyntax,
  type WorkloadFields,
} from './workload-fields.ts';

/**
 * Which fields each pattern takes.
 * - `idle`: writes nothing.
 * - `sequential`, `random`: through the set in order, or anywhere in it.
 * - `hot`: anywhere, but a share of the set takes most writes.
 * - `phased`: sequential at the rate during the burst, nothing during the quiet.
 * - `spin`: sequential as fast as the processor can; it never halts.
 * - `xor`: as fast as it can, changing every word of every page of the whole memory.
 */
const patternFields = {
  idle: ['content', 'scrubMs'],
  sequential: ['ratePagesPerSecond', 'setBytes', 'atBytes', 'content', 'scrubMs'],
  random: ['ratePagesPerSecond', 'setBytes', 'atBytes', 'content', 'scrubMs'],
  hot: ['ratePagesPerSecond', 'setBytes', 'atBytes', 'hotShare', 'hotWrites', 'content', 'scrubMs'],
  phased: ['ratePagesPerSecond', 'setBytes', 'atBytes', 'burstMs', 'quietMs', 'content', 'scrubMs'],
  spin: ['setBytes', 'atBytes', 'content', 'scrubMs'],
  xor: ['content', 'scrubMs'],
} as const satisfies Record<string, readonly FieldName[]>;

export type Pattern = keyof typeof patternFields;
export const patterns = [
  'idle',
  'sequential',
  'random',
  'hot',
  'phased',
  'spin',
  'xor',
] as const satisfies readonly Pattern[];

/** What a guest does to its memory. */
export type Workload = {
  [P in Pattern]: { readonly pattern: P } & Pick<WorkloadFields, (typeof patternFields)[P][number]>;
}[Pattern];

/** Gives the value of a field. */
type Read = <Name extends FieldName>(field: Name) => WorkloadFields[Name];

/**
 * Reads `idle`, `sequential:rate=40MiB/s,set=96MiB`, `hot:rate=200MiB/s,hot=20%`, ... Throws
 * `usage.invalid`, which names the field and what is allowed.
 */
export function parseWorkload(text: string): Workload {
  const [name = '', ...rest] = text.trim().split(':');
  const pattern = patterns.find((known) => known === name);
  if (pattern === undefined) {
    throw invalid(`'${name}' is not a workload pattern`, `one of ${patterns.join(', ')}`);
  }
  const given = splitFields(pattern, rest.join(':'));
  return buildWorkload(pattern, (field) => readField(pattern, field, given));
}

/** The shortest text from which {@link parseWorkload} reads the same workload. */
export function formatWorkload(workload: Workload): string {
  const fields = fieldsOf(workload.pattern).flatMap((field) => {
    const given = valueOf(field, workload);
    if (given === undefined || given.value === given.syntax.default) return [];
    return [`${given.syntax.key}=${given.syntax.format(given.value)}`];
  });
  return fields.length === 0 ? workload.pattern : `${workload.pattern}:${fields.join(',')}`;
}

/** The same for the guest, in its own words: `pattern=hot rate=51200 set=0 ...`. */
export function workloadForGuest(workload: Workload): string {
  const fields = fieldsOf(workload.pattern).flatMap((field) => {
    const given = valueOf(field, workload);
    return given === undefined ? [] : [`${given.syntax.key}=${given.syntax.toGuest(given.value)}`];
  });
  return [`pattern=${workload.pattern}`, ...fields].join(' ');
}

function buildWorkload(pattern: Pattern, read: Read): Workload {
  const common = () => ({ content: read('content'), scrubMs: read('scrubMs') });
  const writes = () => ({
    ratePagesPerSecond: read('ratePagesPerSecond'),
    setBytes: read('setBytes'),
    atBytes: read('atBytes'),
  });
  switch (pattern) {
    case 'idle':
    case 'xor':
      return { pattern, ...common() };
    case 'spin':
      return { pattern, setBytes: read('setBytes'), atBytes: read('atBytes'), ...common() };
    case 'sequential':
    case 'random':
      return { pattern, ...writes(), ...common() };
    case 'hot':
      return {
        pattern,
        ...writes(),
        hotShare: read('hotShare'),
        hotWrites: read('hotWrites'),
        ...common(),
      };
    case 'phased':
      break;
  }
  const phases = { burstMs: read('burstMs'), quietMs: read('quietMs') };
  return { pattern, ...writes(), ...phases, ...common() };
}

function fieldsOf(pattern: Pattern): readonly FieldName[] {
  return patternFields[pattern];
}

/** A field's syntax with the value that the workload has for it. */
function valueOf<Name extends FieldName>(
  field: Name,
  values: Partial<WorkloadFields>,
): { syntax: FieldSyntax<WorkloadFields[Name]>; value: WorkloadFields[Name] } | undefined {
  const value = values[field];
  return value === undefined ? undefined : { syntax: fieldSyntax[field], value };
}

function splitFields(pattern: Pattern, text: string): Map<string, string> {
  const keys = fieldsOf(pattern).map((field) => fieldSyntax[field].key);
  const given = new Map<string, string>();
  for (const part of text === '' ? [] : text.split(',')) {
    const [key = '', value = ''] = part.split(/=(.*)/s).map((piece) => piece.trim());
    if (!keys.includes(key)) {
      throw invalid(
        `workload '${pattern}' has no field '${key}'`,
        `its fields are ${keys.join(', ')}`,
      );
    }
    if (given.has(key)) {
      throw invalid(`workload '${pattern}' is given '${key}' twice`, 'name each field once');
    }
    given.set(key, value);
  }
  return given;
}

function readField<Name extends FieldName>(
  pattern: Pattern,
  field: Name,
  given: ReadonlyMap<string, string>,
): WorkloadFields[Name] {
  const syntax: FieldSyntax<WorkloadFields[Name]> = fieldSyntax[field];
  const text = given.get(syntax.key);
  const value = text === undefined ? syntax.default : syntax.parse(text);
  if (value !== undefined) return value;
  const problem =
    text === undefined ? `needs '${syntax.key}'` : `cannot have ${syntax.key}=${text}`;
  throw invalid(`workload '${pattern}' ${problem}`, `${syntax.key} is ${syntax.allowed}`);
}

function invalid(message: string, hint: string): DroverError {
  return new DroverError('usage.invalid', message, { hint });
}
