import { describe, expect, it } from 'vitest';
import { burstBytes, checkRate, formatRate, parseRate } from './rate.ts';

describe('rates as people write them', () => {
  it.each([
    ['200mbit', 200e6],
    ['1gbit', 1e9],
    ['1.5Gbit', 1.5e9],
    ['512kbit', 512e3],
    ['64000bit', 64e3],
    ['none', undefined],
  ])('%s', (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  it.each(['', '200', '200mb', '-1mbit', '1e9bit', '200mbit/s', '1kbit', '1000gbit', 'NaNmbit'])(
    "'%s' is refused",
    (text) => {
      expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1])(
    '%d is refused as a number too',
    (rate) => {
      expect(() => checkRate(rate)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
    },
  );

  it.each(['none', '200mbit', '1gbit', '1.5gbit', '512kbit'])(
    '%s reads as it was written',
    (text) => {
      expect(formatRate(parseRate(text))).toBe(text);
    },
  );
});

describe('the bucket', () => {
  it('holds two of the largest segments at any rate, and 10 ms of a fast link', () => {
    expect(burstBytes(1e6)).toBe(131_072);
    expect(burstBytes(1e9)).toBe(1_250_000);
  });
});
