/** NaN where there are none. */
export function quantilesOf(values: readonly number[]): {
  readonly p50: number;
  readonly p99: number;
} {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
