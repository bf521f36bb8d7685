import { expect, test } from 'vitest';
import { budgetFor } from './budget-for.ts';
import { defaultMatrix } from './matrix.ts';
import { conflictsOf } from './overrides.ts';

test('the default matrix keeps every promise', () => {
  expect(conflictsOf(defaultMatrix)).toEqual([]);
});

test('a panda of low importance is never hurt', () => {
  const { slowdownShare, pointOfNoReturn, freeze } = budgetFor('panda', 'low');
  expect({ slowdownShare, pointOfNoReturn, freeze }).toEqual({
    slowdownShare: 0,
    pointOfNoReturn: 'never',
    freeze: { kind: 'never' },
  });
});
