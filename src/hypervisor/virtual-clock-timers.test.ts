import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimerHeap } from './virtual-clock-timers.ts';

test('timers come by their time, then in the order of their making; withdrawn ones never', () => {
  const made = fc.record({ atMs: fc.integer({ min: 0, max: 20 }), withdrawn: fc.boolean() });
  fc.assert(
    fc.property(fc.array(made, { maxLength: 60 }), (timers) => {
      const heap = new TimerHeap();
      const fired: number[] = [];
      for (const [index, { atMs, withdrawn }] of timers.entries()) {
        const timer = heap.add(atMs, () => fired.push(index));
        if (withdrawn) timer.fire = undefined;
      }
      for (let next = heap.take(); next !== undefined; next = heap.take()) next.fire();
      const expected = timers
        .map(({ atMs, withdrawn }, index) => ({ atMs, withdrawn, index }))
        .filter(({ withdrawn }) => !withdrawn)
        .toSorted((a, b) => a.atMs - b.atMs || a.index - b.index);
      expect(fired).toEqual(expected.map(({ index }) => index));
    }),
  );
});
