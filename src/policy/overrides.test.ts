import { describe, expect, test } from 'vitest';
import { defaultMatrix } from './matrix.ts';
import { changesOf, matrixWith, type Overrides, overridesSchema } from './overrides.ts';

test('a single field changes, and nothing else', () => {
  const overrides: Overrides = { panda: { medium: { blackoutMs: 200 } } };
  const matrix = matrixWith(overrides);
  expect(matrix.panda.medium).toEqual({ ...defaultMatrix.panda.medium, blackoutMs: 200 });
  expect({ ...matrix, panda: undefined }).toEqual({ ...defaultMatrix, panda: undefined });
  expect(changesOf(overrides)).toEqual([
    { slaClass: 'panda', importance: 'medium', field: 'blackoutMs' },
  ]);
});

test('the default matrix, written out, is a valid policy that changes nothing', () => {
  expect(matrixWith(overridesSchema.parse(defaultMatrix))).toEqual(defaultMatrix);
});

const bad: readonly [what: string, overrides: object, path: string, message: RegExp][] = [
  ['an unknown class', { zebra: {} }, '', /zebra/],
  ['an unknown field', { pet: { low: { blackout: 3 } } }, 'pet.low', /blackout/],
  ['a share in percent', { pet: { low: { slowdownShare: 10 } } }, 'pet.low.slowdownShare', /0\.99/],
  [
    'a word that is none',
    { pet: { low: { pointOfNoReturn: 'maybe' } } },
    'pet.low.pointOfNoReturn',
    /never.*if-recoverable.*yes/,
  ],
  [
    'high importance that may stay',
    { pet: { high: { otherwise: 'stay' } } },
    'pet.high.otherwise',
    /only finish/,
  ],
  [
    'finishing without a last resort',
    { pet: { medium: { otherwise: 'finish' } } },
    'pet.medium.freeze',
    /as-needed/,
  ],
  [
    'a panda worse off than a pet',
    { panda: { high: { blackoutMs: 1_500 } } },
    'panda.high.blackoutMs',
    /not be treated worse than pet.high/,
  ],
  [
    'importance that makes it gentler',
    { cattle: { high: { slowdownShare: 0.5 } } },
    'pet.high.slowdownShare',
    /not be treated worse/,
  ],
  [
    'less patience for the unimportant',
    { panda: { low: { patiencePasses: 5.5 }, medium: { patiencePasses: 5.8 } } },
    'panda.medium.patiencePasses',
    /not make it gentler than panda.low/,
  ],
];

describe('a policy that breaks a rule', () => {
  test.each(bad)('%s is refused where it is wrong', (_, overrides, path, message) => {
    const issues = overridesSchema.safeParse(overrides).error?.issues ?? [];
    const found = issues.filter((issue) => issue.path.join('.') === path);
    expect(found.map((issue) => issue.message).join(' ')).toMatch(message);
  });
});
