import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitWorkingSet, type Span, type WorkingSet, writtenWithin } from './working-set.ts';

const mib = 2 ** 20;
const all = 512 * mib;

/** What a guest shows in slices of half a second, after all its memory was sent once. */
function slices(guest: WorkingSet, linkBytesPerSecond: number, count: number): Span[] {
  const spans: Span[] = [];
  let dirty = 0;
  for (let index = 1; index <= count; index += 1) {
    const before = dirty;
    let inflowBytes = 0;
    for (let step = 0; step < slice.ms; step += 1) {
      const clean = (guest.setBytes - dirty) / guest.setBytes;
      const written = clean * writtenWithin(guest, 1);
      inflowBytes += written;
      dirty = Math.max(0, dirty + written - linkBytesPerSecond / 1000);
    }
    const dirtyBytes = (before + dirty) / 2;
    spans.push(spanOf({ ...slice, endMs: index * slice.ms, inflowBytes, dirtyBytes }));
  }
  return spans;
}
const slice = { ms: 500, kind: 'slice' } as const;

/** The same in whole passes, the first of them over all memory. */
function passes(guest: WorkingSet, linkBytesPerSecond: number, count: number): Span[] {
  const spans: Span[] = [];
  let left = all;
  let endMs = 0;
  for (let index = 0; index < count; index += 1) {
    const ms = (left / linkBytesPerSecond) * 1000;
    endMs += ms;
    left = writtenWithin(guest, ms);
    spans.push(spanOf({ endMs, ms, inflowBytes: left, dirtyBytes: 0, kind: 'pass' }));
  }
  return spans;
}

/** What a first pass shows of a guest whose set is the memory that goes first, in slices of half a second. */
function firstPassOver(guest: WorkingSet, linkBytesPerSecond: number): Span[] {
  const spans: Span[] = [];
  let sent = 0;
  let dirty = 0;
  for (let endMs = slice.ms; sent < all; endMs += slice.ms) {
    const before = { sent, dirty };
    for (let step = 0; step < slice.ms; step += 1) {
      sent = Math.min(all, sent + linkBytesPerSecond / 1000);
      const clean = (Math.min(sent, guest.setBytes) - dirty) / guest.setBytes;
      dirty += clean * writtenWithin(guest, 1);
    }
    const inflowBytes = dirty - before.dirty;
    const dirtyBytes = (before.dirty + dirty) / 2;
    const unsentShare = 1 - (before.sent + sent) / 2 / all;
    spans.push({ ...slice, endMs, inflowBytes, dirtyBytes, unsentShare, weight: 0.3 });
  }
  return spans;
}

function spanOf(part: Omit<Span, 'unsentShare' | 'weight'>): Span {
  return { ...part, unsentShare: 0, weight: 1 };
}

const guests = fc
  .record({
    rateMiB: fc.integer({ min: 4, max: 200 }),
    setMiB: fc.integer({ min: 4, max: 256 }),
    linkMiB: fc.integer({ min: 10, max: 200 }),
  })
  // A set that is written over many times within one slice shows nothing but its size.
  .filter(({ rateMiB, setMiB }) => rateMiB < 2 * setMiB)
  .map(({ rateMiB, setMiB, linkMiB }) => ({
    guest: { rateBytesPerSecond: rateMiB * mib, setBytes: setMiB * mib, errorShare: 0 },
    linkBytesPerSecond: linkMiB * mib,
  }));

describe('the working set that is fitted', () => {
  test.each([
    ['slices', slices],
    ['passes', passes],
  ] as const)('foretells what the next of its %s shows', (_, spansOf) => {
    fc.assert(
      fc.property(guests, ({ guest, linkBytesPerSecond }) => {
        const spans = spansOf(guest, linkBytesPerSecond, 12);
        const seen = spans.slice(0, -1);
        const next = spans.at(-1);
        const fit = fitWorkingSet(seen, [], seen.at(-1)?.endMs ?? 0, all);
        if (fit === undefined || next === undefined) throw new Error('nothing was fitted');
        const clean = (fit.setBytes - next.dirtyBytes) / fit.setBytes;
        const foretold =
          next.kind === 'pass'
            ? writtenWithin(fit, next.ms)
            : (clean * fit.rateBytesPerSecond * next.ms) / 1000;
        // Within the noise that it allows for.
        expect(Math.abs(foretold - next.inflowBytes)).toBeLessThan(0.35 * next.inflowBytes + mib);
      }),
      { numRuns: 300 },
    );
  });

  test('is what was known before, until the guest is seen', () => {
    const written = [500, 2_000, 8_000].map((ms) => ({
      ms,
      bytes: writtenWithin({ rateBytesPerSecond: 40 * mib, setBytes: 96 * mib, errorShare: 0 }, ms),
      weight: 1,
    }));
    const fit = fitWorkingSet([], written, 0, all);
    expect(
      writtenWithin(fit ?? { rateBytesPerSecond: 0, setBytes: 0, errorShare: 0 }, 4_000),
    ).toBeCloseTo(
      writtenWithin({ rateBytesPerSecond: 40 * mib, setBytes: 96 * mib, errorShare: 0 }, 4_000),
      -7,
    );
  });

  test('follows the guest away from what was known', () => {
    const known = [{ ms: 2_000, bytes: 90 * mib, weight: 0.5 }];
    const calm = { rateBytesPerSecond: 2 * mib, setBytes: 16 * mib, errorShare: 0 };
    const spans = slices(calm, 40 * mib, 20);
    const fit = fitWorkingSet(spans, known, 10_000, all);
    expect(writtenWithin(fit ?? calm, 500)).toBeLessThan(4 * mib);
  });

  test('is about what it is right after a first pass that has sent it in one piece, before the rest', () => {
    const guest = { rateBytesPerSecond: 137 * mib, setBytes: 128 * mib, errorShare: 0 };
    const spans = firstPassOver(guest, 114 * mib);
    const fit = fitWorkingSet(spans, [], spans.at(-1)?.endMs ?? 0, all) ?? guest;
    expect(fit.rateBytesPerSecond).toBeGreaterThan(0.7 * guest.rateBytesPerSecond);
    expect(fit.rateBytesPerSecond).toBeLessThan(1.3 * guest.rateBytesPerSecond);
  });

  test('is nothing where nothing is known', () => {
    expect(fitWorkingSet([], [], 0, all)).toBeUndefined();
  });
});
