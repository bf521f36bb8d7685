import { appended, leastBetween, type Series } from './series.ts';

const mostLooks = 400;

/** With what was left at one more look of QEMU for dirty pages. */
export function withLook(looks: Series, atMs: number, leftBytes: number): Series {
  return appended(looks, looks.atMs.length + 1 - mostLooks, atMs, leftBytes);
}

/** What was left to send after the first pass. Bytes. */
export interface Left {
  readonly leastBytes: number;
  readonly mostBytes: number;
  /** At the last look. */
  readonly lastBytes: number;
}

/** What was left from one look on; `undefined` where that is none. */
export function summaryOf(looks: Series, from: number): Left | undefined {
  const { bytes } = looks;
  const lastBytes = bytes.at(-1);
  if (lastBytes === undefined || from >= bytes.length) return undefined;
  let mostBytes = 0;
  for (let look = from; look < bytes.length; look += 1)
    mostBytes = Math.max(mostBytes, bytes[look] ?? 0);
  return { leastBytes: leastBetween(looks, from, bytes.length), mostBytes, lastBytes };
}
