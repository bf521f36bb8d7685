import { describe, expect, it } from 'vitest';
import { parseSize } from './size.ts';

describe('sizes as people write them', () => {
  it.each([
    ['0B', 0],
    ['512KiB', 524_288],
    ['256MiB', 268_435_456],
    ['1.5 GiB', 1_610_612_736],
    [' 1TiB ', 1_099_511_627_776],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '256', 'MiB', '-1MiB', '1MB', '1e3KiB', '1MiB/s'])("'%s' is none", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});
