import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Timetable } from './timetable.ts';

const card = (amount: number, ms: number) => ({ resource: 0, amount, ms });
const uplink = (amount: number, ms: number) => ({ resource: 1, amount, ms });

describe('the earliest time', () => {
  test.each([
    { name: 'is at once where nothing is taken', taken: [], uses: [card(1, 5)], from: 0, at: 0 },
    { name: 'is not before it is asked for', taken: [], uses: [card(1, 5)], from: 7, at: 7 },
    {
      name: 'is when what is taken is given back',
      taken: [{ use: card(1, 10), at: 0 }],
      uses: [card(0.5, 5)],
      from: 0,
      at: 10,
    },
    {
      name: 'is at once where enough is left',
      taken: [{ use: card(0.5, 10), at: 0 }],
      uses: [card(0.5, 50)],
      from: 0,
      at: 0,
    },
    {
      name: 'is between two where it fits between them',
      taken: [
        { use: card(1, 10), at: 0 },
        { use: card(1, 10), at: 15 },
      ],
      uses: [card(1, 5)],
      from: 0,
      at: 10,
    },
    {
      name: 'is after both where it does not',
      taken: [
        { use: card(1, 10), at: 0 },
        { use: card(1, 10), at: 15 },
      ],
      uses: [card(1, 6)],
      from: 0,
      at: 25,
    },
    {
      name: 'is when all that is needed is there together',
      taken: [
        { use: card(1, 10), at: 0 },
        { use: uplink(1, 10), at: 12 },
      ],
      uses: [card(1, 5), uplink(1, 5)],
      from: 0,
      at: 22,
    },
    {
      name: 'is never where there is not so much at all',
      taken: [],
      uses: [card(2, 5)],
      from: 0,
      at: Infinity,
    },
  ])('$name', ({ taken, uses, from, at }) => {
    const timetable = new Timetable([1, 1]);
    for (const { use, at: since } of taken) timetable.take([use], since);
    expect(timetable.earliest(uses, from)).toBe(at);
  });
});

test('what is given back is as if it had never been taken, and no more is taken than there is', () => {
  const use = fc.record({
    amount: fc.constantFrom(0.1, 0.3, 0.5, 1),
    ms: fc.integer({ min: 1, max: 20 }),
    stays: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(use, { maxLength: 30 }), (all) => {
      const [one, other] = [new Timetable([1]), new Timetable([1])];
      const placed = all.map(({ amount, ms, stays }) => {
        const at = one.earliest([card(amount, ms)], 0);
        one.take([card(amount, ms)], at);
        return { amount, ms, stays, at };
      });
      for (const { at } of placed) {
        const there = placed.filter((each) => each.at <= at && at < each.at + each.ms);
        const sum = there.reduce((before, { amount }) => before + amount, 0);
        expect(sum).toBeLessThanOrEqual(1 + 1e-6);
      }
      for (const { amount, ms, stays, at } of placed)
        if (stays) other.take([card(amount, ms)], at);
        else one.giveBack([card(amount, ms)], at);
      for (const amount of [0.1, 0.6, 1])
        for (const ms of [1, 7, 40])
          expect(one.earliest([card(amount, ms)], 0)).toBe(other.earliest([card(amount, ms)], 0));
    }),
    { numRuns: 300 },
  );
});
