import * as fc from 'fast-check';
import { bodyOf, type OpenApi, type Operation, resolved } from './document.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What a fuzzed request says in one place: a text, or one of the ids that were seen by then. */
export type Word = string | { readonly known: number };

export interface FuzzedRequest {
  readonly path: Readonly<Record<string, Word>>;
  readonly query: readonly (readonly [string, Word])[];
  readonly headers: Readonly<Record<string, string>>;
  /** As it is sent; `undefined`: none. */
  readonly body: string | undefined;
}

/** Of the stage that is asked, so that not all is about nobody. */
const vms = ['vm1', 'vm2', 'vm3'];
const hosts = ['h1', 'h2', 'added'];

/** What has broken other servers. */
const naughty = [
  '__proto__',
  'constructor',
  'toString',
  "' or 1=1 --",
  '%',
  '_',
  '\u0000',
  '\ud800',
  '\u202e\u{1f402}',
  'qemu:///system',
  'a'.repeat(300),
  '9'.repeat(15),
  '-1',
  '1e9',
];

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...vms, ...hosts) },
  { weight: 2, arbitrary: fc.constantFrom(...naughty) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

/** What a field of this name is likely to say. */
function textFor(field: string): fc.Arbitrary<string> {
  const fitting = field === 'vm' ? vms : ['from', 'to', 'host'].includes(field) ? hosts : [];
  if (fitting.length === 0) return text;
  return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...fitting) }, text);
}

/** Requests of one route: most are as its schema has them, some only nearly, some not at all. */
export function requestsOf(document: OpenApi, route: Operation): fc.Arbitrary<FuzzedRequest> {
  const { parameters = [] } = route;
  const inPath = parameters.filter((one) => one.in === 'path');
  const inQuery = parameters.filter((one) => one.in === 'query');
  const body = bodyOf(route);
  return fc.record({
    path: fc.record(Object.fromEntries(inPath.map(({ name }) => [name, word]))),
    query: queryOf(document, inQuery),
    headers,
    body: body === undefined ? fc.constant(undefined) : bodiesOf(document, body),
  });
}

const word: fc.Arbitrary<Word> = fc.oneof(
  { weight: 2, arbitrary: fc.nat(1_000).map((known) => ({ known })) },
  { weight: 2, arbitrary: text },
);

type Parameter = NonNullable<Operation['parameters']>[number];

function queryOf(
  document: OpenApi,
  parameters: readonly Parameter[],
): fc.Arbitrary<FuzzedRequest['query']> {
  const pairs = parameters.map(({ name, required = false, schema = {} }) => {
    const value = fc.oneof(
      { weight: 5, arbitrary: valueOf(document, schema, name).map(String) },
      { weight: 1, arbitrary: word },
    );
    const pair = value.map((one): readonly [string, Word] => [name, one]);
    const once = fc.array(pair, { minLength: required ? 1 : 0, maxLength: 1 });
    return fc.oneof({ weight: 8, arbitrary: once }, fc.array(pair, { maxLength: 2 }));
  });
  return fc.tuple(...pairs).map((all) => all.flat());
}

const headers = fc
  .record(
    {
      'if-match': fc.constantFrom('"0"', '"1"', '"2"', '"999999999999999"', '*', 'W/"1"', 'x'),
      'idempotency-key': fc.oneof(
        fc.constantFrom('k1', 'k2', 'k3', 'ÿ', '', 'k'.repeat(300)),
        fc.uuid(),
      ),
      'last-event-id': fc.constantFrom('0', '3', '999999999999999', '-1', 'x'),
      'content-type': fc.constantFrom(
        'application/json; charset=utf-8',
        'text/plain',
        'application/x-www-form-urlencoded',
      ),
    },
    { requiredKeys: [] },
  )
  // Most requests say none of it.
  .chain((all) => {
    const entries = Object.entries(all);
    return fc.subarray(entries, { maxLength: Math.min(1, entries.length) });
  })
  .map((entries): Record<string, string> => Object.fromEntries(entries));

function bodiesOf(document: OpenApi, schema: Schema): fc.Arbitrary<string> {
  const valid = valueOf(document, schema);
  return fc.oneof(
    { weight: 8, arbitrary: valid.map((one) => JSON.stringify(one)) },
    { weight: 3, arbitrary: fc.tuple(valid, text, fc.jsonValue()).map(spoilt) },
    { weight: 1, arbitrary: fc.json() },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', '{', '{"vm":', '"', `["${'x'.repeat(70_000)}"]`, '\u0000'),
    },
  );
}

/** One field of it has another value, or there is one more. */
function spoilt([value, field, other]: [unknown, string, unknown]): string {
  const fields = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const at = fields[field.length % Math.max(1, fields.length)] ?? field;
  return JSON.stringify({ ...Object(value), [field.length % 3 === 0 ? field : at]: other });
}

/** Values that fit a schema of the document. Knows what the document uses, and says what it does not. */
function valueOf(document: OpenApi, schema: Schema, field = ''): fc.Arbitrary<unknown> {
  const { $ref, enum: words, anyOf, oneOf, allOf, type } = schema;
  if ($ref !== undefined) return valueOf(document, resolved(document, schema), field);
  if (Array.isArray(words)) return fc.constantFrom(...words);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((one: Schema) => valueOf(document, one)));
  if (Array.isArray(oneOf)) return fc.oneof(...oneOf.map((one: Schema) => valueOf(document, one)));
  if (Array.isArray(allOf)) return valueOf(document, Object.assign({}, ...allOf), field);
  switch (type) {
    case 'string':
      return textOf(schema, field);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valueOf(document, schemaIn(schema, 'items')), { maxLength: 4 });
    case 'object':
      return objectOf(document, schema);
    default:
      throw new Error(`values of ${JSON.stringify(schema)} are not known`);
  }
}

function textOf({ format, pattern }: Schema, field: string): fc.Arbitrary<unknown> {
  if (format === 'date-time')
    return fc
      .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString());
  return typeof pattern === 'string' ? fc.stringMatching(new RegExp(pattern)) : textFor(field);
}

function numberOf({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema) {
  const [min, max] = [Number(minimum), Number(maximum)];
  return fc.oneof(fc.integer({ min, max: Math.min(max, 2 ** 31 - 1) }), fc.constantFrom(min, max));
}

function objectOf(document: OpenApi, schema: Schema): fc.Arbitrary<unknown> {
  const properties = Object.entries(schemaIn(schema, 'properties'));
  const { required = [] } = schema;
  const fields: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(
    properties.map(([name, one]) => [name, valueOf(document, Object(one), name)]),
  );
  return fc.record(fields, { requiredKeys: Array.isArray(required) ? required.map(String) : [] });
}

function schemaIn(schema: Schema, name: string): Schema {
  return Object(schema[name]);
}
