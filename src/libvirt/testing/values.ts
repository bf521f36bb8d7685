import * as fc from 'fast-check';
import type { ParameterValue } from '../protocol/types.ts';
import type { Shape } from '../wire/codec.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'));
const hexDigits = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
});
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.nat(2 ** 32 - 1);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const double = fc.double();

const parameterValue: fc.Arbitrary<ParameterValue> = fc.oneof(
  fc.record({ type: fc.constant('int' as const), value: int32 }),
  fc.record({ type: fc.constant('uint' as const), value: uint32 }),
  fc.record({ type: fc.constant('llong' as const), value: int64 }),
  fc.record({ type: fc.constant('ullong' as const), value: uint64 }),
  fc.record({ type: fc.constant('double' as const), value: double }),
  fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('string' as const), value: text }),
);

const leaves: Partial<Record<Shape['kind'], fc.Arbitrary<unknown>>> = {
  int32,
  uint32,
  int64,
  uint64,
  double,
  string: text,
  uuid: hexDigits,
  bool: fc.boolean(),
  nothing: fc.constant(undefined),
  chars: fc.stringMatching(/^[ -~]{0,31}$/),
  'parameter-value': parameterValue,
};

/** Values that a codec of this shape can carry. */
export function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  if (shape.kind === 'optional') return fc.option(valuesOf(shape.item), { nil: undefined });
  if (shape.kind === 'list') {
    return fc.array(valuesOf(shape.item), { maxLength: Math.min(shape.most, 6) });
  }
  if (shape.kind === 'opaque') return fc.uint8Array({ maxLength: Math.min(shape.most, 60) });
  if (shape.kind === 'struct') {
    const fields = Object.entries(shape.fields).map(([name, field]) => [name, valuesOf(field)]);
    return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
  }
  const leaf = leaves[shape.kind];
  if (leaf === undefined) throw new Error(`no values for ${shape.kind}`);
  return leaf;
}
