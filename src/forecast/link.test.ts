import { describe, expect, test } from 'vitest';
import { type Link, observeLink, unknownLink } from './link.ts';

const mib = 2 ** 20;

/** What the link model says after reading a stream four times a second. Rates in MiB/s. */
function after(seconds: number, rateAt: (atMs: number) => number): Link {
  let link = unknownLink;
  let sent = 0;
  for (let atMs = 0; atMs <= seconds * 1000; atMs += 10) {
    sent += (rateAt(atMs) * mib) / 100;
    if (atMs % 250 !== 0) continue;
    link = observeLink(link, {
      atMs,
      remainingBytes: mib,
      sentBytes: sent,
      plainBytes: sent,
      disposedBytes: sent,
      syncs: 0,
    });
  }
  return link;
}

interface Scene {
  readonly says: string;
  readonly seconds: number;
  readonly rateAt: (atMs: number) => number;
  readonly carries: number;
  readonly collapsed?: boolean;
  readonly changedFrom?: number;
}

const scenes: readonly Scene[] = [
  { says: 'a steady link', seconds: 8, rateAt: () => 24, carries: 24 },
  {
    says: 'a socket buffer that fills at first',
    seconds: 8,
    rateAt: (atMs) => (atMs < 200 ? 60 : 24),
    carries: 24,
  },
  {
    says: 'a stall of half a second',
    seconds: 9,
    rateAt: (atMs) => (atMs > 8_000 && atMs < 8_500 ? 0 : 24),
    carries: 24,
  },
  {
    says: 'a fall to 30 %, at first a collapse',
    seconds: 9.5,
    rateAt: (atMs) => (atMs > 8_000 ? 7.2 : 24),
    carries: 24,
    collapsed: true,
  },
  {
    says: 'the same, believed after three seconds',
    seconds: 13,
    rateAt: (atMs) => (atMs > 8_000 ? 7.2 : 24),
    carries: 7.2,
    changedFrom: 24,
  },
  {
    says: 'a fall to half, which is no collapse but a change',
    seconds: 13,
    rateAt: (atMs) => (atMs > 8_000 ? 12 : 24),
    carries: 12,
    changedFrom: 24,
  },
  {
    says: 'a link that is freed',
    seconds: 13,
    rateAt: (atMs) => (atMs > 8_000 ? 80 : 24),
    carries: 80,
    changedFrom: 24,
  },
  {
    says: 'a stream held 15 % back, which is no other link',
    seconds: 13,
    rateAt: (atMs) => (atMs > 8_000 ? 20.4 : 24),
    carries: 20.4,
  },
];

describe('the link', () => {
  test.each(scenes)('$says', (scene) => {
    const { seconds, rateAt, carries, collapsed = false, changedFrom } = scene;
    const link = after(seconds, rateAt);
    expect(link.bytesPerSecond / mib / carries).toBeCloseTo(1, 1);
    expect(link.collapsed).toBe(collapsed);
    const before = link.change?.beforeBytesPerSecond;
    if (changedFrom === undefined) expect(before).toBeUndefined();
    else expect((before ?? 0) / mib / changedFrom).toBeCloseTo(1, 1);
  });

  test.each([
    ['a steady link', 8, () => false, 0],
    ['half a second of nothing', 9, (atMs: number) => atMs > 8_000 && atMs < 8_500, 0],
    ['two seconds of nothing', 12, (atMs: number) => atMs > 8_000 && atMs < 10_000, 1],
    ['two seconds, twice', 30, (atMs: number) => atMs % 10_000 > 8_000 && atMs < 20_000, 2],
    [
      'again, long after',
      710,
      (atMs: number) => atMs % 700_000 > 8_000 && atMs % 700_000 < 9_900,
      1,
    ],
  ])('stands still: %s', (_, seconds, still, times) => {
    const link = after(seconds, (atMs) => (still(atMs) ? 0 : 24));
    expect(link.standstills).toHaveLength(times);
  });
});
