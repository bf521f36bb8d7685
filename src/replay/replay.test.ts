import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultMatrix } from '../policy/matrix.ts';
import { parseRecording } from '../recording/text.ts';
import { actsOf, replay } from './replay.ts';

/** A busy pet of high importance that was switched to post-copy, on real hosts. */
const folder = join(import.meta.dirname, '../../tests/recordings');
const file = join(folder, 'forky-125-busy-pet-high.json');
const recording = parseRecording(readFileSync(file, 'utf8'), file);
const terms = { matrix: defaultMatrix, slaClass: 'pet', importance: 'high' } as const;

function kindsOf(other: Partial<Parameters<typeof replay>[1]>): string[] {
  return actsOf(replay(recording, { ...terms, ...other }).replayed).map(
    ({ action }) => action.kind,
  );
}

/** Cattle that write in turn, switched within the first pass. */
const inTurnFile = join(folder, 'forky-600-in-turn-cattle-medium.json');
const inTurn = parseRecording(readFileSync(inTurnFile, 'utf8'), inTurnFile);

describe('a replay', () => {
  test('of cattle that were seen to write in turn switches within the first pass again', () => {
    const { firstDifference, replayed } = replay(inTurn, { ...inTurn, matrix: defaultMatrix });
    expect(firstDifference).toBeUndefined();
    const [last] = actsOf(replayed).slice(-1);
    expect(last?.action.kind).toBe('start-post-copy');
    expect(last?.atMs).toBeLessThan(1_000);
  });

  test('as it was switches to post-copy again', () => {
    expect(kindsOf({})).toContain('start-post-copy');
  });

  test('of a panda of low importance does nothing that is forbidden to it', () => {
    const kinds = kindsOf({ slaClass: 'panda', importance: 'low' });
    expect(kinds).not.toContain('start-post-copy');
    expect(kinds).not.toContain('freeze');
  });

  test('names the first act that differs, on other terms', () => {
    const { firstDifference } = replay(recording, { ...terms, slaClass: 'panda' });
    expect(firstDifference).toBeDefined();
  });

  test('by a policy that forbids splitting never splits', () => {
    const { high } = defaultMatrix.pet;
    const strict = { ...high, pointOfNoReturn: 'never' } as const;
    const matrix = { ...defaultMatrix, pet: { ...defaultMatrix.pet, high: strict } };
    expect(kindsOf({ matrix })).not.toContain('start-post-copy');
  });
});
