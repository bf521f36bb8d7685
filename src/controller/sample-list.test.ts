import { expect, test } from 'vitest';
import type { Sample, SamplePhase } from '../forecast/telemetry.ts';
import { SampleList } from './sample-list.ts';

const phases: readonly SamplePhase[] = ['setup', 'pre-copy', 'post-copy'];

/** Each field another number, so that none can be taken for another. */
function sampleOf(index: number): Sample {
  return {
    atMs: index + 0.25,
    memoryTotalBytes: 2 ** 41 + index,
    memoryRemainingBytes: 2 ** 40 + index,
    memorySentBytes: 3 + index,
    normalPages: 4 + index,
    constantPages: 5 + index,
    pageSizeBytes: 6 + index,
    dirtyRateBytesPerSecond: 7.5 + index,
    throughputBytesPerSecond: Infinity,
    iteration: 9 + index,
    throttlePercent: 10 + index,
    postCopyRequests: 11 + index,
    ...(index % 2 === 0 ? {} : { inTurnBytesPerSecond: 12 + index }),
    phase: phases[index % phases.length] ?? 'setup',
  };
}

test('what is taken out is what was put in, in its order, and once', () => {
  const list = new SampleList(10);
  const samples = Array.from({ length: 7 }, (_, index) => sampleOf(index * 100));
  for (const sample of samples) list.push(sample);
  expect(list.take()).toEqual(samples);
  expect(list.take()).toEqual([]);
  list.push(sampleOf(1));
  expect(list.take()).toEqual([sampleOf(1)]);
});

test('of more than it holds the newest are left', () => {
  const list = new SampleList(3);
  for (let index = 0; index < 5; index += 1) list.push(sampleOf(index));
  expect(list.take()).toEqual([2, 3, 4].map(sampleOf));
});
