import { beforeAll, describe, expect, test } from 'vitest';
import { type Cell, readRecord } from './recorded.ts';
import { deviationOf, type Figure } from './report.ts';
import { simulateRecorded } from './simulated-side.ts';

/**
 * How far the simulator may be off the migrations that were recorded on the lab. Of two post-copies for each suite one
 * is among the longest pauses over 300 Mbit/s: 179 ms, where 19 others took 68 to 198 and half of them 90.
 */
const bounds: Readonly<Record<Figure, { readonly median: number; readonly p90: number }>> = {
  totalMs: { median: 0.02, p90: 0.08 },
  sentBytes: { median: 0.01, p90: 0.02 },
  blackoutMs: { median: 0.06, p90: 0.37 },
  syncs: { median: 0.25, p90: 0.45 },
};
const figures = [
  'totalMs',
  'sentBytes',
  'blackoutMs',
  'syncs',
] as const satisfies readonly Figure[];

describe.each(['forky', 'trixie'])('the migrations recorded on %s, simulated', (suite) => {
  const cells: Cell[] = [];
  beforeAll(async () => {
    const recorded = await readRecord(new URL(`recorded/${suite}.json`, import.meta.url));
    for (const run of recorded) cells.push({ ...run, simulated: await simulateRecorded(run) });
  });

  test.each(figures)('%s is near what it was', (figure) => {
    expect(cells.length).toBeGreaterThanOrEqual(16);
    const { median, p90 } = deviationOf(cells, figure);
    expect(median).toBeLessThanOrEqual(bounds[figure].median);
    expect(p90).toBeLessThanOrEqual(bounds[figure].p90);
  });
});
