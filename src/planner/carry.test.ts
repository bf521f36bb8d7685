import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultMatrix } from '../policy/matrix.ts';
import { importances, slaClasses } from '../policy/vocabulary.ts';
import { bytesToCarry, leastBytes, type Terms } from './carry.ts';
import type { Vm } from './inventory.ts';
import { vmOf } from './testing/fleets.ts';

const mib = 2 ** 20;
const rate = 100 * mib;
/** All, what is written meanwhile, and what is written while that is carried. */
const twoPasses = 1024 + 512 + 502;

/** 1 GiB that is written at random on 512 MiB. */
function writer(slaClass: Vm['slaClass'], mibPerSecond: number): Vm {
  return vmOf('v', 'h0', {
    memoryBytes: 1024 * mib,
    touchedBytes: 1024 * mib,
    slaClass,
    workingSet: { rateBytesPerSecond: mibPerSecond * mib, setBytes: 512 * mib, errorShare: 0 },
  });
}

function terms(importance: Terms['importance'], postCopy = true): Terms {
  return { importance, matrix: defaultMatrix, postCopy };
}

describe('what moving a VM puts on its way, MiB', () => {
  test.each([
    { name: 'one that writes nothing: once', vm: writer('pet', 0), on: terms('high'), mib: 1024 },
    {
      name: 'a pet that never fits, where nobody waits for it: once, and what was written meanwhile',
      vm: writer('pet', 400),
      on: terms('high'),
      mib: 1024 + 512,
    },
    {
      name: 'and as many passes more as it is waited for',
      vm: writer('pet', 400),
      on: terms('medium'),
      mib: (1 + 1) * 1024 + 512,
    },
    {
      name: 'a panda that may not be switched: until a pass does not help',
      vm: writer('panda', 400),
      on: terms('medium'),
      mib: twoPasses,
    },
    {
      name: 'cattle that never fits is switched within its first pass',
      vm: writer('cattle', 400),
      on: terms('high'),
      mib: 1024 + 0.12 * 512,
    },
    {
      name: 'not where the hosts allow no post-copy',
      vm: writer('cattle', 400),
      on: terms('high', false),
      mib: twoPasses,
    },
    {
      name: 'nor before it was waited for',
      vm: writer('cattle', 400),
      on: terms('medium'),
      mib: (1 + 1) * 1024 + 512,
    },
  ])('$name', ({ vm, on, mib: expected }) => {
    expect(bytesToCarry(vm, rate, on) / mib).toBeCloseTo(expected, -1);
  });

  test('is never less than the least, at no rate up to its own', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...slaClasses),
        fc.constantFrom(...importances),
        fc.boolean(),
        fc.integer({ min: 0, max: 2_000 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (slaClass, importance, postCopy, mibPerSecond, share) => {
          const vm = writer(slaClass, mibPerSecond);
          const on = terms(importance, postCopy);
          const least = leastBytes(vm, rate, on);
          expect(bytesToCarry(vm, rate * share, on)).toBeGreaterThanOrEqual(least);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('is the least itself where all passes pay', () => {
    const vm = writer('pet', 40);
    expect(leastBytes(vm, rate, terms('low'))).toBe(bytesToCarry(vm, rate, terms('low')));
  });
});
