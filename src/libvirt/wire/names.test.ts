import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { rememberedName } from './names.ts';

test('a name is the text of its bytes, whatever came before', () => {
  const few = fc.constantFrom(0x61, 0x62, 0x2e, 0xc3, 0xa9, 0xe9, 0xff);
  const bytes = fc.array(few, { maxLength: 3 }).map((part) => Buffer.from(part));
  const long = fc.constantFrom('a'.repeat(64), 'a'.repeat(65)).map((text) => Buffer.from(text));
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, long), { maxLength: 50 }), (names) => {
      for (const name of names) {
        const within = Buffer.concat([Buffer.of(1, 2), name, Buffer.of(0x61)]);
        expect(rememberedName(within, 2, name.length)).toBe(name.toString());
      }
    }),
    { numRuns: 500 },
  );
});
