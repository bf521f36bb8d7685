import { describe, expect, it } from 'vitest';
import type { StoredProgress } from '../store/rows.ts';
import { liveLine } from './live-line.ts';

const mib = 1024 * 1024;
const progress: StoredProgress = {
  percent: 62.9,
  atMs: 8_000,
  sentBytes: 812 * mib,
  remainingBytes: 92 * mib,
  dirtyRateBytesPerSecond: 45 * mib,
  bandwidthBytesPerSecond: 47 * mib,
  throttlePercent: 0,
  etaMs: 8_300,
};

describe('the live line', () => {
  it('says everything where there is room', () => {
    expect(liveLine('web', { phase: 'copying', progress, unsteered: false }, 200)).toBe(
      'web  copying  62 %  8.3 s to go  sent 812 MiB  left 92 MiB  writes 45 MiB/s, link 47 MiB/s',
    );
  });

  it.each([
    ['a throttled guest', { throttlePercent: 30 }, 'throttled 30 %'],
    ['no forecast', { etaMs: undefined }, 'no end in sight'],
    ['no reading yet', { etaMs: undefined, bandwidthBytesPerSecond: 0 }, 'measuring'],
  ])('shows %s', (_name, change, text) => {
    expect(
      liveLine(
        'web',
        { phase: 'copying', progress: { ...progress, ...change }, unsteered: false },
        200,
      ),
    ).toContain(text);
  });

  it('says that nobody steers it, and where it was seen last', () => {
    expect(liveLine('web', { phase: 'copying', progress, unsteered: true }, 200)).toBe(
      'web  nobody steers it, last seen copying at 62 %',
    );
  });

  it('says how it stands before the first reading', () => {
    expect(liveLine('web', { phase: 'queued', progress: undefined, unsteered: false }, 200)).toBe(
      'web  queued',
    );
  });

  it('keeps whole parts, and never more than the width', () => {
    for (let width = 1; width < 120; width += 1) {
      const line = liveLine('web', { phase: 'copying', progress, unsteered: false }, width);
      expect(line.length).toBeLessThanOrEqual(width);
    }
    expect(liveLine('web', { phase: 'copying', progress, unsteered: false }, 40)).toBe(
      'web  copying  62 %  8.3 s to go',
    );
  });
});
