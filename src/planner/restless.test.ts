import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import { defaultMatrix } from '../policy/matrix.ts';
import { converges } from './carry.ts';
import type { Inventory } from './inventory.ts';
import { type Plan, planMoves } from './plan.ts';
import { fleets, hostOf, inventoryOf, vmOf } from './testing/fleets.ts';

const mib = 2 ** 20;
const importance = 'high';

function planned(inventory: Inventory): Plan {
  return planMoves(inventory, { drain: ['h0'], importance }, { random: randomFrom(1) });
}

/** A pet of 1 GiB that writes at random on 512 MiB. */
const writer = (name: string, mibPerSecond: number): ReturnType<typeof vmOf> =>
  vmOf(name, 'h0', {
    memoryBytes: 1024 * mib,
    touchedBytes: 1024 * mib,
    workingSet: { rateBytesPerSecond: mibPerSecond * mib, setBytes: 512 * mib, errorShare: 0 },
  });

describe('who converges', () => {
  test.each([
    { writes: 0, over: 100, does: true },
    { writes: 10, over: 100, does: true },
    { writes: 60, over: 100, does: true },
    { writes: 60, over: 50, does: false },
    { writes: 400, over: 100, does: false },
  ])('of $writes MiB/s over $over MiB/s: $does', ({ writes, over, does }) => {
    expect(converges(writer('v', writes), over * mib, importance, defaultMatrix)).toBe(does);
  });
});

describe('those that do not converge on half of the way', () => {
  test('leave a host one at a time, in any fleet, and all of them leave', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        (rates, others) => {
          const hosts = Array.from({ length: others + 1 }, (_, index) => hostOf(`h${index}`));
          const vms = rates.map((rate, index) => writer(`v${index}`, rate));
          const { moves, remaining } = planned(inventoryOf(hosts, vms));
          expect(remaining).toEqual([]);
          const restless = moves
            .filter(({ vm }) => {
              const one = vms.find(({ name }) => name === vm);
              return one !== undefined && !converges(one, 50e6, importance, defaultMatrix);
            })
            .toSorted((a, b) => a.startMs - b.startMs);
          for (const [index, { startMs }] of restless.entries())
            expect(startMs).toBeGreaterThanOrEqual((restless[index - 1]?.endMs.p50 ?? 0) - 1e-6);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('never keep a fleet from moving', () => {
    fc.assert(
      fc.property(fleets({ hosts: 4, vms: 8 }), (inventory) => {
        for (const { startMs, endMs } of planned(inventory).moves) {
          expect(Number.isFinite(startMs)).toBe(true);
          expect(Number.isFinite(endMs.p50)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});
