import { DroverError } from '../errors/catalogue.ts';

/** The speed of a link in bits per second, as `tc` and network people count it: 1 mbit = 10^6 bit/s. */
export type Rate = number;

const factors: Readonly<Record<string, number>> = {
  bit: 1,
  kbit: 1e3,
  mbit: 1e6,
  gbit: 1e9,
};

/** The slowest link: below it a daemon's own keep-alive messages time out. */
const minimumRate: Rate = 64e3;
const maximumRate: Rate = 100e9;

/** Reads `200mbit`, `1gbit`, `1.5gbit`, `512kbit`; `none` means an unlimited link. */
export function parseRate(text: string): Rate | undefined {
  if (text === 'none') return undefined;
  const match = /^(\d+(?:\.\d+)?)(bit|kbit|mbit|gbit)$/i.exec(text.trim());
  const factor = factors[match?.[2]?.toLowerCase() ?? ''];
  if (match === null || factor === undefined) {
    throw new DroverError('usage.invalid', `'${text}' is not a rate`, {
      hint: 'write it as 200mbit, 1gbit or none (bits per second, decimal)',
    });
  }
  return checkRate(Math.round(Number(match[1]) * factor));
}

/** Returns the rate when a link of the lab can have it. */
export function checkRate(rate: Rate): Rate {
  if (Number.isFinite(rate) && rate >= minimumRate && rate <= maximumRate) return Math.round(rate);
  throw new DroverError('usage.invalid', `a link cannot have ${rate} bit/s`, {
    hint: `between ${formatRate(minimumRate)} and ${formatRate(maximumRate)}, or none`,
  });
}

/** The opposite of {@link parseRate}: the largest unit that keeps the number short. */
export function formatRate(rate: Rate | undefined): string {
  if (rate === undefined) return 'none';
  const unit = (['gbit', 'mbit', 'kbit'] as const).find((name) => rate >= (factors[name] ?? 1));
  if (unit === undefined) return `${rate}bit`;
  return `${Number((rate / (factors[unit] ?? 1)).toFixed(3))}${unit}`;
}

/**
 * The bucket of the token-bucket filter that shapes a link: 10 ms worth of data, so that a kernel
 * that refills it at 100 Hz still reaches the rate, and at least two of the 64 KiB segments that
 * TCP hands down in one piece.
 */
export function burstBytes(rate: Rate): number {
  return Math.max(128 * 1024, Math.ceil(rate / 8 / 100));
}
