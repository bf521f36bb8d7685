import { describe, expect, test } from 'vitest';
import { LibvirtError } from '../../libvirt/index.ts';
import { markMemory } from './memory-marks.ts';
import { q35, refusal } from './testing/machine.ts';

const mib = 2 ** 20;

type Domain = Parameters<typeof markMemory>[0];
type Clock = Parameters<typeof markMemory>[2];

/** Memory by what its bytes are at an address, as the daemon would give it; every read takes so long. */
function domainOf(
  byteAt: (address: number) => number | LibvirtError,
  takesMs = 2,
): Domain & { readonly clock: Clock } {
  let nowMs = 0;
  return {
    clock: { nowMs: () => nowMs },
    peekMemory: async (address, bytes) => {
      nowMs += takesMs;
      return Uint8Array.from({ length: bytes }, (_, at) => {
        const is = byteAt(address + at);
        if (is instanceof LibvirtError) throw is;
        return is;
      });
    },
  };
}

async function marksOf(domain: ReturnType<typeof domainOf>) {
  return await markMemory(domain, q35, domain.clock);
}

describe("the marks of a guest's memory", () => {
  test('are those of 16 pages in each of 32 pieces, and the same while nothing is written', async () => {
    const marks = await marksOf(domainOf((address) => address >> 12));
    expect(marks).toHaveLength(32);
    for (const piece of marks ?? []) expect(piece).toHaveLength(16);
    expect(await marksOf(domainOf((address) => address >> 12))).toEqual(marks);
  });

  test('are others where something was written, by the place of it', async () => {
    const before = await marksOf(domainOf(() => 1));
    const now = await marksOf(domainOf((address) => (address < 64 * mib ? 2 : 1)));
    const changed = before?.map((piece, index) =>
      piece?.some((mark, at) => mark !== now?.[index]?.[at]),
    );
    expect(changed).toEqual(Array.from({ length: 32 }, (_, index) => index < 8));
  });

  test('leave out what cannot be read; where nothing can, that is an error', async () => {
    const some = await marksOf(domainOf((address) => (address < 64 * mib ? refusal : 1)));
    expect(some?.map((piece) => piece !== undefined)).toEqual(
      Array.from({ length: 32 }, (_, index) => index >= 8),
    );
    await expect(marksOf(domainOf(() => refusal))).rejects.toBe(refusal);
  });

  test('leave out what there was no time for, in the same places each time', async () => {
    const slow = await marksOf(domainOf(() => 1, 40));
    const read = slow?.flatMap((piece, index) => (piece === undefined ? [] : [index]));
    expect(read).toEqual([0, 4, 8, 12, 16, 20, 24, 28]);
  });

  test('are none where it is not known where memory lies', async () => {
    const domain = domainOf(() => 1);
    const other = { ...q35, architecture: 's390x' };
    expect(await markMemory(domain, other, domain.clock)).toBeUndefined();
  });
});
