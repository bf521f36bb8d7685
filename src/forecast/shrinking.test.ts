import { describe, expect, test } from 'vitest';
import { modelOf } from './guest-model.ts';
import { learn } from './learn.ts';
import { observe } from './model.ts';
import { outlook } from './outlook.ts';
import { nothingKnown } from './prior.ts';
import {
  isCompressed,
  leastConnections,
  memoryRateOf,
  ratioOf,
  threadBytesPerSecond,
} from './shrinking.ts';
import type { Sample } from './telemetry.ts';

const mib = 2 ** 20;
const pageSizeBytes = 4096;
const totalBytes = 512 * mib;

/** An idle guest's first pass, read four times a second: so much memory each second, and what it takes of the wire. */
function telemetry(bytesPerSecond: number, shrinksTo: (atMs: number) => number): Sample[] {
  const samples: Sample[] = [];
  let memorySentBytes = 0;
  for (let atMs = 0; (atMs / 1000) * bytesPerSecond < totalBytes; atMs += 250) {
    const pageBytes = (atMs / 1000) * bytesPerSecond;
    if (atMs > 0) memorySentBytes += (bytesPerSecond / 4) * shrinksTo(atMs);
    samples.push({
      atMs,
      memoryTotalBytes: totalBytes,
      memoryRemainingBytes: totalBytes - pageBytes,
      memorySentBytes,
      normalPages: Math.floor(pageBytes / pageSizeBytes),
      constantPages: 0,
      pageSizeBytes,
      dirtyRateBytesPerSecond: 0,
      throughputBytesPerSecond: memorySentBytes,
      iteration: 1,
      throttlePercent: 0,
      postCopyRequests: 0,
      phase: 'pre-copy',
    });
  }
  return samples;
}

function modelAfter(samples: readonly Sample[]) {
  return samples.reduce(observe, modelOf(nothingKnown));
}

describe('what a stream shrinks memory to', () => {
  test.each([
    ['a third', 1 / 3, 3],
    ['nothing at all', 1, 1],
    ['a little more than it is, as without compression', 1.002, 1],
  ])('is seen: %s', (_, shrinksTo, ratio) => {
    const { shrinking } = modelAfter(telemetry(60 * mib, () => shrinksTo));
    expect(ratioOf(shrinking)).toBeCloseTo(ratio, 2);
  });

  test('is what it is now: what was sent long ago counts little', () => {
    const { shrinking } = modelAfter(telemetry(20 * mib, (atMs) => (atMs < 8_000 ? 0.01 : 0.5)));
    expect(ratioOf(shrinking)).toBeGreaterThan(2);
    expect(ratioOf(shrinking)).toBeLessThan(2.1);
  });

  test('is not guessed from the first readings, whose counters differ', () => {
    const counters = { pageSizeBytes, memorySentBytes: 0 };
    expect(isCompressed({ ...counters, normalPages: 3 * 256 })).toBe(false);
    expect(isCompressed({ ...counters, normalPages: 5 * 256 })).toBe(true);
  });
});

test('the link carries so many times more of memory, and no more over the wire', () => {
  const model = modelAfter(telemetry(60 * mib, () => 1 / 3));
  const view = outlook(model);
  expect(model.link.bytesPerSecond / mib).toBeCloseTo(20, 1);
  expect((view?.bandwidthBytesPerSecond ?? 0) / mib).toBeCloseTo(60, 1);
  expect((view?.passMs ?? 0) / 1000).toBeCloseTo(512 / 60, 1);
});

test('what is left goes out as fast as memory does, not as the wire', () => {
  const last = telemetry(60 * mib, () => 1 / 3).at(-1);
  if (last === undefined) throw new Error('there are no readings');
  const sample = { ...last, throughputBytesPerSecond: 20 * mib };
  expect(memoryRateOf(sample) / mib).toBeCloseTo(60, 1);
  expect(memoryRateOf({ ...sample, memorySentBytes: totalBytes })).toBe(20 * mib);
});

describe('a compressed migration teaches', () => {
  test('what the way carried over the wire, and what memory there is as it is', () => {
    const [last, ...before] = telemetry(64 * mib, () => 1 / 4).toReversed();
    if (last === undefined) throw new Error('there are no readings');
    const normalPages = totalBytes / pageSizeBytes;
    const end = { ...last, atMs: 8_000, normalPages, memorySentBytes: 128 * mib, iteration: 2 };
    const lesson = learn([...before.toReversed(), { ...end, memoryRemainingBytes: 4 * mib }]);
    expect((lesson.bandwidthBytesPerSecond ?? 0) / mib).toBeCloseTo(16, 0);
    expect(lesson.touchedBytes).toBe(totalBytes);
  });

  test('nothing of the way where the threads may have been slower than it', () => {
    const fast = leastConnections * threadBytesPerSecond * 1.1;
    const samples = telemetry(fast / 10, () => 1 / 4).map((sample) => ({
      ...sample,
      atMs: sample.atMs / 10,
    }));
    expect(learn(samples).bandwidthBytesPerSecond).toBeUndefined();
  });
});
