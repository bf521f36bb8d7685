import { randomFillSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ratioSounded } from '../../forecast/shrinking.ts';
import { CallTimeoutError } from '../../libvirt/index.ts';
import type { Clock } from '../clock.ts';
import { soundMemory } from './sounding.ts';
import { q35, refusal } from './testing/machine.ts';

const mib = 2 ** 20;

/** Memory by its address, as the daemon would give it; every read takes so long. */
function domainOf(
  read: (address: number) => 'noise' | 'text' | 'zeros' | Error,
  takesMs = 2,
): { readonly asked: number[]; readonly clock: Pick<Clock, 'nowMs'> } & Parameters<
  typeof soundMemory
>[0] {
  const asked: number[] = [];
  let nowMs = 0;
  return {
    asked,
    clock: { nowMs: () => nowMs },
    peekMemory: async (address, bytes) => {
      nowMs += takesMs;
      asked.push(address);
      const is = read(address);
      if (is instanceof Error) throw is;
      const piece = new Uint8Array(bytes);
      if (is === 'noise') randomFillSync(piece);
      if (is === 'text') for (let at = 0; at < bytes; at += 3) piece[at] = 97 + ((at * 7919) % 26);
      return piece;
    },
  };
}

async function ratioOf(domain: ReturnType<typeof domainOf>): Promise<number | undefined> {
  const sounding = await soundMemory(domain, q35, domain.clock);
  return sounding === undefined ? undefined : ratioSounded(sounding);
}

describe('sounding a guest', () => {
  test('what does not shrink is seen not to, and what does to do so', async () => {
    expect(await ratioOf(domainOf(() => 'noise'))).toBeCloseTo(1, 1);
    expect(await ratioOf(domainOf(() => 'text'))).toBeGreaterThan(1.5);
  });

  test('pages of zeros say nothing of the others', async () => {
    const half = domainOf((address) => (address < 128 * mib ? 'zeros' : 'noise'));
    expect(await ratioOf(half)).toBeCloseTo(1, 1);
    expect(await ratioOf(domainOf(() => 'zeros'))).toBeUndefined();
  });

  test('what cannot be read is passed over; where nothing can, that is an error', async () => {
    const some = domainOf((address) => (address < 64 * mib ? refusal : 'noise'));
    expect(await ratioOf(some)).toBeCloseTo(1, 1);
    await expect(ratioOf(domainOf(() => refusal))).rejects.toBe(refusal);
  });

  test('a daemon that does not answer is not asked again', async () => {
    const silent = domainOf(() => new CallTimeoutError('no answer'));
    await expect(ratioOf(silent)).rejects.toThrow('no answer');
    expect(silent.asked).toHaveLength(1);
  });

  test('a slow one gives less, from all over the memory', async () => {
    const slow = domainOf(() => 'noise', 40);
    expect(await ratioOf(slow)).toBeCloseTo(1, 1);
    expect(slow.asked.length).toBeLessThan(10);
    expect(Math.max(...slow.asked) - Math.min(...slow.asked)).toBeGreaterThan(200 * mib);
  });

  test('a machine of which it is not known where memory lies is not read', async () => {
    const domain = domainOf(() => 'noise');
    expect(
      await soundMemory(domain, { ...q35, architecture: 's390x' }, domain.clock),
    ).toBeUndefined();
    expect(domain.asked).toEqual([]);
  });
});
