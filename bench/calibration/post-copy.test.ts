import { expect, test } from 'vitest';
import { readRows } from '../peers/rows.ts';
import { playAgain } from './post-copy.ts';
import { lostWorkOff } from './report.ts';

/** Over slower ones the simulator is known to be too kind: see README.md. */
const slowestMbitPerSecond = 300;

test('simulated guests lose in post-copy what those of the lab lost', async () => {
  const rows = await readRows(new URL('../peers/rows.jsonl', import.meta.url).pathname);
  const runs = await playAgain(
    rows.filter(({ linkMbitPerSecond }) => linkMbitPerSecond >= slowestMbitPerSecond),
  );
  expect(runs.length).toBeGreaterThanOrEqual(40);
  const { median, p90 } = lostWorkOff(runs);
  expect(median).toBeLessThanOrEqual(70);
  expect(p90).toBeLessThanOrEqual(200);
});
