import { describe, expect, test } from 'vitest';
import { type Change, changeBetween, keepsAhead, orderBy } from './in-turn.ts';

const mib = 2 ** 20;
const memoryBytes = 256 * mib;

describe('two readings of the same pieces', () => {
  test('tell which are changed wholly, in part, and not at all', () => {
    const before = [[1, 2], [3, 4], [5, 6], undefined, [9, 9], [7, 7]];
    const now = [[0, 0], [3, 0], [5, 6], [1, 1], undefined, [7, 7]];
    expect(changeBetween(before, now, 250)).toEqual({ ms: 250, whole: 1, partly: 1, untouched: 2 });
  });
});

/** Of 32 pieces, where nothing else is said. */
function seen(ms: number, whole: number, partly: number, pieces = 32): Change {
  return { ms, whole, partly, untouched: pieces - whole - partly };
}

const cases: readonly {
  readonly what: string;
  readonly changes: readonly Change[];
  readonly is: 'unknown' | 'anywhere' | number;
}[] = [
  { what: 'nothing was looked at again', changes: [], is: 'unknown' },
  { what: 'nothing has changed', changes: [seen(250, 0, 0), seen(500, 0, 0)], is: 'unknown' },
  { what: 'a page here and there', changes: [seen(250, 0, 2)], is: 'anywhere' },
  {
    what: 'one piece in part: it may be in the middle of it',
    changes: [seen(250, 0, 1)],
    is: 'unknown',
  },
  { what: 'two pieces as a whole', changes: [seen(250, 1, 0), seen(500, 2, 1)], is: 'unknown' },
  // 8 MiB lie between two pieces: (5 + 1) * 8 MiB in half a second.
  { what: 'five, and two before', changes: [seen(250, 2, 1), seen(500, 5, 1)], is: 96 },
  {
    what: 'five, and two in part, as it does something else beside',
    changes: [seen(250, 2, 0), seen(500, 5, 2)],
    is: 96,
  },
  { what: 'five, and three in part', changes: [seen(250, 2, 0), seen(500, 5, 3)], is: 'anywhere' },
  { what: 'five at the first look already', changes: [seen(250, 5, 0)], is: 'unknown' },
  {
    what: 'five, and no more at the next: that is all that it writes, in any order',
    changes: [seen(250, 5, 0), seen(500, 5, 0)],
    is: 'unknown',
  },
  { what: 'five and then nine', changes: [seen(250, 5, 0), seen(500, 9, 0)], is: 160 },
  {
    what: 'three after long, of which two came soon: it rested',
    changes: [seen(250, 2, 0), seen(500, 2, 0), seen(1_000, 2, 0), seen(2_000, 3, 0)],
    is: 96,
  },
  {
    what: 'three, and no more however long: it has gone round',
    changes: [
      seen(500, 1, 0),
      seen(800, 2, 0),
      seen(1_280, 3, 0),
      seen(1_900, 3, 0),
      seen(2_800, 3, 0),
    ],
    is: 25,
  },
  {
    what: 'five after two and four, of what would be seven: it has gone round',
    changes: [seen(250, 2, 0), seen(500, 4, 0), seen(1_000, 5, 0)],
    is: 80,
  },
  {
    what: 'seven after two and four: the longer it is looked at, the less is unsure',
    changes: [seen(250, 2, 0), seen(500, 4, 0), seen(1_000, 7, 0)],
    is: 64,
  },
  { what: 'nearly all', changes: [seen(250, 13, 0), seen(500, 25, 0)], is: 'unknown' },
  {
    what: 'of few pieces that could be read',
    changes: [seen(250, 2, 0, 12), seen(500, 5, 0, 12)],
    is: 'unknown',
  },
  {
    what: 'of half of the pieces, which lie twice as far apart',
    changes: [seen(250, 1, 0, 16), seen(500, 3, 0, 16)],
    is: 128,
  },
];

describe('the order in which a guest writes', () => {
  test.each(cases)('$what: $is', ({ changes, is }) => {
    const order = orderBy(changes, memoryBytes);
    if (typeof is === 'string') expect(order).toEqual({ kind: is });
    else expect(order).toEqual({ kind: 'in turn', rateBytesPerSecond: is * mib });
  });

  test('is known to be slow enough only where it is known', () => {
    const inTurn = { rateBytesPerSecond: 84 * mib };
    expect(keepsAhead(inTurn, 85 * mib)).toBe(true);
    expect(keepsAhead(inTurn, 84 * mib)).toBe(false);
    expect(keepsAhead(undefined, 85 * mib)).toBe(false);
  });
});
