import { expect, test } from 'vitest';
import type { Sample } from '../forecast/telemetry.ts';
import { reading } from '../forecast/testing/reading.ts';
import { pauseMs } from './pace.ts';
import type { MigrationState } from './transition.ts';

const mib = 2 ** 20;

function sample(leftMs: number): Sample {
  const throughputBytesPerSecond = 100 * mib;
  const memoryRemainingBytes = (leftMs / 1000) * throughputBytesPerSecond;
  return reading({ memoryRemainingBytes, throughputBytesPerSecond });
}

const copying: MigrationState = { phase: 'copying', leaving: undefined };
const switching: MigrationState = { phase: 'switching', leaving: undefined };

test.each([
  ['far from its end, few run', copying, sample(60_000), 1, 250],
  ['near its end', copying, sample(900), 1, 40],
  ['near its end, however many run', copying, sample(900), 10, 40],
  ['switching, however many run', switching, sample(60_000), 10, 60],
  ['far from its end, many run', copying, sample(60_000), 10, 2_500],
  ['on its way to the end, many run', copying, sample(4_000), 10, 1_000],
  ['almost near, many run', copying, sample(1_000), 10, 250],
  ['of which nothing was read yet', copying, undefined, 10, 250],
  ['split over both hosts, many run', { phase: 'post-copy' }, sample(4_000), 4, 1_000],
  ['newly split, however many run', { phase: 'post-copy' }, sample(4_000), 4, 60, 900],
] as const)('one that is %s', (_, state, latest, spare, ms, splitMs?: number) => {
  expect(pauseMs(state, latest, spare, splitMs ?? 5_000)).toBe(ms);
});
