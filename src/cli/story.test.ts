import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Recording } from '../recording/recording.ts';
import { parseRecording } from '../recording/text.ts';
import { storyOf } from './story.ts';

/** A busy pet of high importance that was switched to post-copy, on real hosts. */
const file = join(import.meta.dirname, '../../tests/recordings/forky-125-busy-pet-high.json');
const recording: Recording = parseRecording(readFileSync(file, 'utf8'), file);

describe('the story of a migration', () => {
  test.each([
    ['what was asked', /a pet of 64 MiB, from h\d \(libvirt .*, QEMU 11.*importance high/],
    ['what was allowed', /may be paused for 1.0 s, .*split over two hosts: yes, frozen: as needed/],
    ['what the guest did', /The guest wrote some \d+ MiB\/s over \d+ MiB/],
    ['what was decided when', /At [\d.]+ s: .*goes on at the destination now/],
    ['what was expected', /expected: post-copy, in .* with a pause of/],
    ['what else was weighed', /weighed: freeze: post-copy completes with a shorter pause/],
    ['how it ended', /After [\d.]+ s: completed, \d+ MiB sent/],
    ['how the forecast compares', /The last forecast, .* was an end after .* it was/],
  ])('tells %s', (_, pattern) => {
    expect(storyOf(recording)).toMatch(pattern);
  });

  test('of one that has not ended says so', () => {
    expect(storyOf({ ...recording, end: undefined })).toContain('It had not ended');
  });

  test('of one without telemetry says so', () => {
    expect(storyOf({ ...recording, samples: [] })).toContain('Nothing of the way was recorded');
  });
});
