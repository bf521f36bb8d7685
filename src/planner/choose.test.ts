import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomFrom } from '../hypervisor/simulated-random.ts';
import { weights } from '../steering/harm.ts';
import { boundOfSteps } from './bound.ts';
import { chooseSchedule } from './choose.ts';
import { placeMoves } from './plan.ts';
import { hostOf, inventoryOf, vmOf } from './testing/fleets.ts';
import { shortestAim, wholeWays } from './whole-ways.ts';

const mib = 2 ** 20;

/** A pet that writes at random on half of its memory. */
const writer = (name: string, memoryMib: number, mibPerSecond: number) =>
  vmOf(name, 'h0', {
    memoryBytes: memoryMib * mib,
    touchedBytes: memoryMib * mib,
    slaClass: 'pet',
    workingSet: {
      rateBytesPerSecond: mibPerSecond * mib,
      setBytes: (memoryMib / 2) * mib,
      errorShare: 0,
    },
  });

test('ways are not shared for less than a second of the whole: each has them to itself, and is exposed for less time', () => {
  const vm = fc.record({
    memoryMib: fc.integer({ min: 128, max: 512 }),
    mibPerSecond: fc.integer({ min: 0, max: 200 }),
  });
  fc.assert(
    fc.property(fc.array(vm, { minLength: 2, maxLength: 6 }), (drawn) => {
      const vms = drawn.map((one, index) => writer(`v${index}`, one.memoryMib, one.mibPerSecond));
      const inventory = inventoryOf(
        ['h0', 'h1', 'h2'].map((name) => hostOf(name)),
        vms,
      );
      const wanted = { drain: ['h0'], importance: 'high' } as const;
      const { course } = placeMoves(inventory, wanted, { random: randomFrom(1) });
      const aim = shortestAim(course, boundOfSteps(course) * 1.005);
      const alone = wholeWays(course, aim, randomFrom(1));
      const chosen = chooseSchedule(course, undefined, randomFrom(1));
      const leastMs = Math.min(alone.makespanMs, chosen.makespanMs);
      if (alone.makespanMs > leastMs + Math.min(999, leastMs * 0.049)) return;
      const exposed = alone.timings.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      const exposedSeconds = (exposed * weights.pet.pause) / 1000;
      expect(chosen.exposureSeconds).toBeLessThanOrEqual(exposedSeconds * (1 + 1e-9));
    }),
    { numRuns: 100 },
  );
});
