import { expect, test } from 'vitest';
import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import { lookAhead } from './outlook.ts';
import { gib, hostOf, vmOf } from './testing/fleets.ts';

const carried = 100e6;
/** Writes three times what is carried. */
const furious = { rateBytesPerSecond: 3 * carried, setBytes: 1.5 * gib, errorShare: 0 };

test('what is foreseen of a move is what an admin allows', () => {
  const vm = vmOf('vm', 'h0', { slaClass: 'cattle', workingSet: furious });
  const endingUnder = (matrix: Matrix): string =>
    lookAhead('medium', matrix)(vm, hostOf('h0'), hostOf('h1'), carried).ending;
  expect(endingUnder(defaultMatrix)).toBe('post-copy');
  const { cattle } = defaultMatrix;
  const medium = { ...cattle.medium, pointOfNoReturn: 'never' } as const;
  expect(endingUnder({ ...defaultMatrix, cattle: { ...cattle, medium } })).toBe('freeze');
});
