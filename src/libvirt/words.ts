import { ArgumentError } from './errors.ts';

/** Joins the bits of those flags that are set. */
export function flagsWord(
  flags: readonly (readonly [bit: number, set: boolean | undefined])[],
): number {
  return flags.reduce((word, [bit, set]) => (set === true ? (word | (1 << bit)) >>> 0 : word), 0);
}

/** A whole number that is not negative, as libvirt's 64-bit amounts are. */
export function amount(value: number, what: string): bigint {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ArgumentError(`${what} must be a whole number from 0, not ${value}`);
  }
  return BigInt(value);
}
