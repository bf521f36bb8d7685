import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError } from '../errors.ts';
import { FrameSplitter } from './frame-splitter.ts';

function frame(payload: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(28), payload]);
  bytes.writeUInt32BE(bytes.length, 0);
  return bytes;
}

test('frames come out whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1 }),
      (payloads, cuts) => {
        const frames = payloads.map(frame);
        const stream = Buffer.concat(frames);
        const splitter = new FrameSplitter();
        const out: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          splitter.push(stream.subarray(at, at + length), (whole) => out.push(Buffer.from(whole)));
          at += length;
        }
        expect(out).toEqual(frames);
        expect(splitter.heldBytes).toBe(0);
      },
    ),
  );
});

test('a great length that is only announced allocates nothing', () => {
  const splitter = new FrameSplitter();
  const announced = Buffer.alloc(100);
  announced.writeUInt32BE(32 * 1024 * 1024, 0);
  const before = splitter.allocatedBytes;
  splitter.push(announced, () => expect.unreachable());
  expect(splitter.heldBytes).toBe(100);
  expect(splitter.allocatedBytes).toBe(before);
});

test.each([0, 1, 27, 32 * 1024 * 1024 + 5, 0xffff_ffff])(
  'a frame of %i bytes is refused',
  (length) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(length, 0);
    expect(() => new FrameSplitter().push(bytes, () => undefined)).toThrow(ProtocolError);
  },
);
