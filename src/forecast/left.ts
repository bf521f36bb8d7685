/**
 * What was left to send at each look of QEMU for dirty pages, oldest first. In columns, because one
 * migration has hundreds of looks, and one process thousands of migrations.
 */
export interface Lefts {
  readonly atMs: readonly number[];
  readonly bytes: readonly number[];
}

export const noLefts: Lefts = { atMs: [], bytes: [] };

const mostLefts = 400;

/** With what was left at one more look. */
export function withLeft(lefts: Lefts, atMs: number, bytes: number): Lefts {
  const full = lefts.atMs.length >= mostLefts;
  return {
    atMs: (full ? lefts.atMs.slice(1) : lefts.atMs).concat(atMs),
    bytes: (full ? lefts.bytes.slice(1) : lefts.bytes).concat(bytes),
  };
}

/** How many of the looks came before a moment. */
export function looksBefore({ atMs }: Lefts, momentMs: number): number {
  let before = 0;
  let notBefore = atMs.length;
  while (before < notBefore) {
    const middle = (before + notBefore) >> 1;
    if ((atMs[middle] ?? Infinity) < momentMs) before = middle + 1;
    else notBefore = middle;
  }
  return before;
}

/** The least that was left from one look up to another, that one excluded; Infinity: there was none between. */
export function leastLeft({ bytes }: Lefts, from: number, to: number): number {
  let least = Infinity;
  for (let look = from; look < to; look += 1) least = Math.min(least, bytes[look] ?? Infinity);
  return least;
}

/** What was left to send after the first pass. Bytes. */
export interface Left {
  readonly leastBytes: number;
  readonly mostBytes: number;
  /** At the last look. */
  readonly lastBytes: number;
}

/** What was left from one look on; `undefined` where that is none. */
export function summaryOf(lefts: Lefts, from: number): Left | undefined {
  const { bytes } = lefts;
  const lastBytes = bytes.at(-1);
  if (lastBytes === undefined || from >= bytes.length) return undefined;
  let mostBytes = 0;
  for (let look = from; look < bytes.length; look += 1)
    mostBytes = Math.max(mostBytes, bytes[look] ?? 0);
  return { leastBytes: leastLeft(lefts, from, bytes.length), mostBytes, lastBytes };
}
