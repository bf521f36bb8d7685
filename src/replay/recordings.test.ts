import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultMatrix } from '../policy/matrix.ts';
import type { Recording } from '../recording/recording.ts';
import { parseRecording } from '../recording/text.ts';
import type { Decision } from '../steering/decision.ts';
import { postCopyOpen } from '../steering/post-copy-open.ts';
import { actsText } from './acts-text.ts';
import { stepsOver } from './replay.ts';
import type { Step } from './ride-along.ts';

/** Real migrations of the lab, one file each, and what is decided over them by now. */
const folder = join(import.meta.dirname, '../../tests/recordings');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const expected: unknown = JSON.parse(readFileSync(join(folder, 'expected', 'acts.json'), 'utf8'));

function recordingIn(file: string): Recording {
  return parseRecording(readFileSync(join(folder, file), 'utf8'), file);
}

test('there are thirty real migrations or more', () => {
  expect(files.length).toBeGreaterThanOrEqual(30);
});

describe.each(files)('over %s', (file) => {
  const recording = recordingIn(file);
  const steps = stepsOver(recording, { ...recording, matrix: defaultMatrix });

  test('the decisions are those that are expected', () => {
    expect(expected).toHaveProperty([file], actsText(steps));
  });

  test('nothing is decided that the budget forbids', () => {
    const forbidden = steps.filter(({ decision }) => breaks(recording, decision));
    expect(forbidden.map(({ decision }) => decision)).toEqual([]);
  });

  test('nothing irreversible is done before all memory was sent once, but where it is known to be written in turn', () => {
    const early = steps.filter(
      (step) =>
        isIrreversible(step) &&
        !hasPassed(recording, step) &&
        step.sample.inTurnBytesPerSecond === undefined,
    );
    expect(early.map(({ decision }) => decision)).toEqual([]);
  });
});

function breaks({ budget, capabilities }: Recording, { action }: Decision): boolean {
  switch (action.kind) {
    case 'set-max-downtime':
      return action.ms > budget.blackoutMs;
    case 'freeze':
      return budget.freeze.kind === 'never';
    case 'start-post-copy':
    case 'begin-again':
      return !postCopyOpen(budget, capabilities).allowed;
    case 'stay':
      return budget.otherwise !== 'stay';
    case 'set-max-speed':
    case 'set-post-copy-speed':
    case 'wait':
      return false;
  }
}

function isIrreversible({ decision }: Step): boolean {
  return ['start-post-copy', 'freeze'].includes(decision.action.kind);
}

function hasPassed({ vm }: Recording, { sample }: Step): boolean {
  const disposed = (sample.normalPages + sample.constantPages) * sample.pageSizeBytes;
  return disposed >= 0.95 * vm.memoryBytes;
}
