import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderedPairs } from './surveyed.ts';
import { type Pair, type Tour, toursOver } from './tour.ts';

function waysOf(tours: readonly Tour[]): readonly string[] {
  return tours.flatMap((tour) => tour.slice(1).map((to, index) => `${tour[index]} ${to}`));
}

function written(ways: readonly Pair[]): readonly string[] {
  return ways.map(([from, to]) => `${from} ${to}`);
}

function fewest(ways: readonly Pair[]): number {
  const hosts = new Set(ways.flat());
  const more = [...hosts].map((host) =>
    Math.max(
      0,
      ways.filter(([from]) => from === host).length - ways.filter(([, to]) => to === host).length,
    ),
  );
  return more.reduce((sum, one) => sum + one, 0);
}

test.each([2, 3, 4, 7, 20])('between %i hosts one tour uses every way once', (count) => {
  const hosts = Array.from({ length: count }, (_, index) => `h${index + 1}`);
  const tours = toursOver(orderedPairs(hosts));
  expect(tours).toHaveLength(1);
  expect(tours[0]?.[0]).toBe('h1');
  expect(tours[0]?.at(-1)).toBe('h1');
  expect(waysOf(tours).toSorted()).toEqual(written(orderedPairs(hosts)).toSorted());
});

test('no ways, no tour', () => {
  expect(toursOver([])).toEqual([]);
});

test('ways out of one host are a tour each', () => {
  expect(
    toursOver([
      ['h1', 'h2'],
      ['h1', 'h3'],
    ]),
  ).toHaveLength(2);
});

test('whatever the ways are, each is used once, by as few tours as can be', () => {
  const host = fc.constantFrom('h1', 'h2', 'h3', 'h4', 'h5');
  const way = fc.tuple(host, host).filter(([from, to]) => from !== to);
  fc.assert(
    fc.property(fc.uniqueArray(way, { selector: ([from, to]) => `${from} ${to}` }), (ways) => {
      const tours = toursOver(ways);
      expect(waysOf(tours).toSorted()).toEqual(written(ways).toSorted());
      // Beside those that must be cut, a group of hosts that hangs together with no other is one more.
      expect(tours.length).toBeGreaterThanOrEqual(fewest(ways));
      expect(tours.length).toBeLessThanOrEqual(fewest(ways) + 2);
    }),
  );
});
