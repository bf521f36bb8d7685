import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Flow, fairShares } from './simulated-links.ts';

const all = Infinity;

describe('links that several streams share', () => {
  test.each([
    ['one has all of it', [['a', 'b', all]], { a: 100, b: 100 }, [100]],
    ['the slower card counts', [['a', 'b', all]], { a: 100, b: 40 }, [40]],
    [
      'two out of one host halve it',
      [
        ['a', 'b', all],
        ['a', 'c', all],
      ],
      { a: 100, b: 100, c: 100 },
      [50, 50],
    ],
    [
      'to and fro do not meet',
      [
        ['a', 'b', all],
        ['b', 'a', all],
      ],
      { a: 100, b: 100 },
      [100, 100],
    ],
    [
      'what one does not want the other has',
      [
        ['a', 'b', 20],
        ['a', 'c', all],
      ],
      { a: 100, b: 100, c: 100 },
      [20, 80],
    ],
    [
      'what one cannot use elsewhere the other has',
      [
        ['a', 'b', all],
        ['a', 'c', all],
      ],
      { a: 100, b: 30, c: 100 },
      [30, 70],
    ],
    ['a dead card carries nothing', [['a', 'b', all]], { a: 0, b: 100 }, [0]],
    ['who wants nothing gets nothing', [['a', 'b', 0]], { a: 100, b: 100 }, [0]],
  ] satisfies [string, [string, string, number][], Record<string, number>, number[]][])(
    '%s',
    (_, flows, capacities, expected) => {
      const shares = fairShares(
        flows.map(flowOf),
        (host) => new Map(Object.entries(capacities)).get(host) ?? 0,
      );
      expect(shares.map((share) => Math.round(share))).toEqual(expected);
    },
  );

  test('no card carries more than it can, and nobody who wants more is left with room on both', () => {
    const hosts = ['a', 'b', 'c', 'd'];
    const flows = fc.array(
      fc.tuple(
        fc.constantFrom(...hosts),
        fc.constantFrom(...hosts),
        fc.integer({ min: 0, max: 200 }),
      ),
      { minLength: 1, maxLength: 8 },
    );
    const cards = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(flows, cards, (given, rates) => {
        const capacityOf = (host: string): number => rates[hosts.indexOf(host)] ?? 0;
        const asked = given.map(flowOf);
        const shares = fairShares(asked, capacityOf);
        const free = (key: 'from' | 'to', host: string): number =>
          capacityOf(host) -
          asked.reduce((sum, flow, i) => (flow[key] === host ? sum + (shares[i] ?? 0) : sum), 0);
        asked.forEach((flow, index) => {
          const room = Math.min(free('from', flow.from), free('to', flow.to));
          expect(room).toBeGreaterThan(-1e-3);
          const wanting = flow.wantedBytesPerSecond - (shares[index] ?? 0);
          expect(wanting < 1e-3 || room < 1e-3).toBe(true);
        });
      }),
    );
  });
});

function flowOf([from, to, wantedBytesPerSecond]: [string, string, number]): Flow {
  return { from, to, wantedBytesPerSecond };
}
