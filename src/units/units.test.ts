import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';
import { formatBytes, formatDuration, formatRate } from './format.ts';

const mib = 1024 * 1024;

describe('figures for people', () => {
  it.each([
    [0, '0 B'],
    [812, '812 B'],
    [1000, '1 KiB'],
    [1.5 * mib, '1.5 MiB'],
    [128 * mib, '128 MiB'],
    [9.96 * mib, '10 MiB'],
    [1000 * mib, '1 GiB'],
    [3.25 * 1024 * mib, '3.3 GiB'],
    [Number.POSITIVE_INFINITY, 'unlimited'],
  ])('%d bytes read %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [248.4, '248 ms'],
    [999.7, '1.0 s'],
    [4_230, '4.2 s'],
    [9_960, '10 s'],
    [59_700, '1 min'],
    [245_000, '4 min 5 s'],
    [3_600_000, '1 h'],
    [7_800_000, '2 h 10 min'],
    [Number.POSITIVE_INFINITY, 'never'],
  ])('%d ms read %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('rates are bytes each second', () => {
    expect(formatRate(45 * mib)).toBe('45 MiB/s');
  });
});

describe('durations as people write them', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['30min', 1_800_000],
    ['1.5 h', 5_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '30', 'm', '-5s', '5w', 's5', '1e3s', '5s5'])("'%s' is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
