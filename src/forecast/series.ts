/**
 * Bytes at one time after another, oldest first. In columns: one migration has hundreds of them, and
 * one process thousands of migrations.
 */
export interface Series {
  readonly atMs: readonly number[];
  readonly bytes: readonly number[];
}

export const emptySeries: Series = { atMs: [], bytes: [] };

/** What is there from an index on, and one more at its end. */
export function appended(series: Series, from: number, atMs: number, bytes: number): Series {
  return {
    atMs: columnWith(series.atMs, from, atMs),
    bytes: columnWith(series.bytes, from, bytes),
  };
}

/** Two arrays are joined several times as fast as an array and a number. */
function columnWith(column: readonly number[], from: number, value: number): readonly number[] {
  return (from > 0 ? column.slice(from) : column).concat([value]);
}

/** How many came before a moment. */
export function countBefore({ atMs }: Series, momentMs: number): number {
  let before = 0;
  let notBefore = atMs.length;
  while (before < notBefore) {
    const middle = (before + notBefore) >> 1;
    if ((atMs[middle] ?? Infinity) < momentMs) before = middle + 1;
    else notBefore = middle;
  }
  return before;
}

/** The least from one index up to another, that one excluded; Infinity: there was none between. */
export function leastBetween({ bytes }: Series, from: number, to: number): number {
  let least = Infinity;
  for (let index = from; index < to; index += 1) least = Math.min(least, bytes[index] ?? Infinity);
  return least;
}
