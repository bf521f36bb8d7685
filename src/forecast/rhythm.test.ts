import { describe, expect, test } from 'vitest';
import { isUnsteady, nextQuietMs, rhythmOf } from './rhythm.ts';
import { expectedOf, type Span } from './working-set.ts';

const mib = 2 ** 20;

/** Half-second slices of a guest that writes in the letters `b` and rests in the letters `q`. */
function played(seconds: string): Span[] {
  return seconds.split('').flatMap((letter, second) =>
    [500, 1_000].map((ms) => ({
      endMs: second * 1_000 + ms,
      ms: 500,
      inflowBytes: letter === 'b' ? 20 * mib : 0.1 * mib,
      unsentShare: 0,
      dirtyBytes: 0,
      kind: 'slice' as const,
      weight: 1,
    })),
  );
}

const burst = 'b'.repeat(10);
const quiet = 'q'.repeat(20);

describe('the rhythm of a guest', () => {
  test.each([
    ['one that never rests', 'b'.repeat(60), undefined],
    ['one that always rests', 'q'.repeat(60), undefined],
    ['half of a burst and half of a quiet', 'bbbbbqqqqqqqqqq', undefined],
    ['a breath of a second', `${burst}q${burst}q${burst}`, undefined],
  ])('%s has none', (_, seconds, expected) => {
    expect(rhythmOf(played(seconds))).toBe(expected);
  });

  test('is seen after a whole burst and a whole quiet', () => {
    const rhythm = rhythmOf(played(`qqqqq${burst}${quiet}bbb`));
    expect(rhythm).toMatchObject({
      burstMs: 10_000,
      quietMs: 20_000,
      now: 'burst',
      sinceMs: 35_000,
    });
    expect(rhythm && nextQuietMs(rhythm, 38_000)).toBe(45_000);
  });

  test('says that it is quiet now', () => {
    const rhythm = rhythmOf(played(`bbb${quiet}${burst}qqqq`));
    expect(rhythm).toMatchObject({ now: 'quiet', sinceMs: 33_000 });
    expect(rhythm && nextQuietMs(rhythm, 36_000)).toBe(36_000);
  });
});

describe('an unsteady guest', () => {
  /** A guest that writes 60 MiB/s over 40 MiB. */
  const set = { rateBytesPerSecond: 60 * mib, setBytes: 40 * mib, errorShare: 0.1 };
  const dirtyMib = { most: 39, none: 0 };

  /** Four seconds with so much of the set dirty, and so many times what its curve says of that. */
  function written(dirty: keyof typeof dirtyMib, times: number): Span[] {
    return played('bbbb').map((span) => {
      const seen = { ...span, dirtyBytes: dirtyMib[dirty] * mib };
      return { ...seen, inflowBytes: times * expectedOf(seen, set) };
    });
  }

  test.each([
    ['one that goes on, while most of its set is dirty and later little', [1, 1], false],
    ['one that writes five times as much as before', [0.4, 2], true],
    ['one that writes three times as much as before', [0.5, 1.5], false],
  ] as const)('%s: %s', (_, [first, then], unsteady) => {
    const spans = [...written('most', first), ...written('none', then)];
    expect(isUnsteady(spans, set, 2_000)).toBe(unsteady);
  });

  test('is nobody whose set was sent last, so that it seems to write only then', () => {
    const firstPass = written('none', 0.1).map((span) => ({ ...span, unsentShare: 0.4 }));
    const spans = [...firstPass, ...written('none', 1), ...written('none', 1)];
    expect(isUnsteady(spans, set, 2_000)).toBe(false);
  });

  test('is nobody of whom nothing was seen', () => {
    expect(isUnsteady(played('bbbb'), undefined, 2_000)).toBe(false);
  });
});
