import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { valuesOf } from '../testing/values.ts';
import type { Codec } from '../wire/codec.ts';
import { XdrReader } from '../wire/xdr-reader.ts';
import { XdrWriter } from '../wire/xdr-writer.ts';
import { eventDefinitions } from './events.ts';
import { procedures } from './procedures.ts';
import { errorReply } from './types.ts';

const codecs: [string, Codec<unknown>][] = [
  ...Object.entries(procedures).flatMap(([name, procedure]): [string, Codec<unknown>][] => [
    [`${name} arguments`, procedure.arguments],
    [`${name} result`, procedure.result],
  ]),
  ...Object.entries(eventDefinitions).map(([name, { payload }]): [string, Codec<unknown>] => [
    `${name} event`,
    payload,
  ]),
  ['error', errorReply],
];

function encode(codec: Codec<unknown>, value: unknown): Buffer {
  const writer = new XdrWriter(4);
  codec.encode(writer, value);
  return Buffer.from(writer.finish());
}

describe.each(codecs)('%s', (_, codec) => {
  test('what is encoded decodes to the same value and leaves nothing over', () => {
    fc.assert(
      fc.property(valuesOf(codec.shape), (value) => {
        const bytes = encode(codec, value);
        const reader = new XdrReader(bytes);
        expect(codec.decode(reader)).toEqual(value);
        reader.end();
        expect(bytes.length % 4).toBe(0);
        expect(bytes.length).toBeGreaterThanOrEqual(codec.leastBytes);
      }),
      { numRuns: 30 },
    );
  });

  test('what is cut short is refused', () => {
    fc.assert(
      fc.property(valuesOf(codec.shape), fc.nat(), (value, at) => {
        const bytes = encode(codec, value);
        if (bytes.length === 0) return;
        const reader = new XdrReader(bytes.subarray(0, at % bytes.length));
        expect(() => codec.decode(reader)).toThrow(/message ends|more than the \d+ bytes/);
      }),
      { numRuns: 30 },
    );
  });
});

test('no two procedures or events share a number', () => {
  const numbers = [
    ...Object.values(procedures).map(({ program, number }) => `${program} ${number}`),
    ...Object.values(eventDefinitions).map(({ program, procedure }) => `${program} ${procedure}`),
  ];
  expect(new Set(numbers).size).toBe(numbers.length);
});
