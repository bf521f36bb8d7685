/** What was left to send at one look of QEMU for dirty pages. */
export interface LeftAtSync {
  readonly atMs: number;
  readonly bytes: number;
}

/** What was left to send after the first pass. Bytes. */
export interface Left {
  readonly leastBytes: number;
  readonly mostBytes: number;
  /** At the last look. */
  readonly lastBytes: number;
}

export function summaryOf(lefts: readonly LeftAtSync[]): Left | undefined {
  const last = lefts.at(-1);
  if (last === undefined) return undefined;
  let leastBytes = Infinity;
  let mostBytes = 0;
  for (const { bytes } of lefts) {
    leastBytes = Math.min(leastBytes, bytes);
    mostBytes = Math.max(mostBytes, bytes);
  }
  return { leastBytes, mostBytes, lastBytes: last.bytes };
}
