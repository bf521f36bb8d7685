import { expect, test } from 'vitest';
import type { Beat } from '../../src/lab/guest/index.ts';
import { lostWorkMs } from './lost-work.ts';

type Forge = Partial<Beat>;

/** Two seconds of fifty beats, twenty pages each; the second second is the one that is judged. */
function forge(change: (beat: Beat) => Forge): Beat[] {
  return Array.from({ length: 101 }, (_, seq) => {
    const beat: Beat = {
      seq,
      atMs: 5_000 + seq * 20,
      host: 'h1',
      guestMs: seq * 20,
      pages: seq * 20,
      laps: 0,
      errors: 0,
      scrubLap: 0,
      scrubbedPages: 0,
      ramPages: 1_000,
      ratePagesPerSecond: 1_000,
    };
    return { ...beat, ...change(beat) };
  });
}

const late = ({ seq }: Beat): number => Math.max(0, seq - 50);

test.each<[string, (beat: Beat) => Forge, number]>([
  ['nothing', () => ({}), 0],
  [
    'a silence in which the guest stood still',
    ({ seq, atMs }) => ({ atMs: seq > 75 ? atMs + 300 : atMs }),
    300,
  ],
  ['half the pages', (beat) => ({ pages: beat.pages - late(beat) * 10 }), 500],
  [
    'a quiet guest has none to lose',
    (beat) => ({ ratePagesPerSecond: 0, pages: 0, laps: late(beat) }),
    0,
  ],
  [
    'in a quiet phase, nothing is missing',
    (beat) => ({
      ratePagesPerSecond: beat.seq >= 75 ? 0 : 1_000,
      pages: Math.min(beat.pages, 75 * 20),
    }),
    0,
  ],
  [
    'a guest that writes as fast as it can is held to its own pace',
    (beat) => ({ ratePagesPerSecond: 'full', pages: beat.pages - late(beat) * 5 }),
    250,
  ],
  ['more than was asked for', (beat) => ({ pages: beat.pages + late(beat) * 10 }), 0],
])('lost work: %s', (_, change, expected) => {
  const beats = forge(change);
  const untilMs = beats.at(-1)?.atMs ?? 0;
  const window = { undisturbedSinceMs: 5_000, fromMs: 6_000, untilMs };
  expect(lostWorkMs(beats, window)).toBeCloseTo(expected, 6);
});

test('a guest that is silent all the while loses it all', () => {
  const beats = forge(() => ({})).filter(({ atMs }) => atMs < 6_000);
  const window = { undisturbedSinceMs: 5_000, fromMs: 6_000, untilMs: 7_000 };
  expect(lostWorkMs(beats, window)).toBe(1_000);
});

test('a guest that falls silent loses the rest', () => {
  const beats = forge(() => ({})).filter(({ atMs }) => atMs <= 6_500);
  const window = { undisturbedSinceMs: 5_000, fromMs: 6_000, untilMs: 7_000 };
  expect(lostWorkMs(beats, window)).toBe(500);
});
