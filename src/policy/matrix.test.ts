import { describe, expect, test } from 'vitest';
import type { Budget, Freeze } from './budget.ts';
import { budgetFor } from './budget-for.ts';
import { importances, slaClasses } from './vocabulary.ts';

const pointsOfNoReturn = ['never', 'if-recoverable', 'yes'];

const fields = [
  'blackoutMs',
  'slowdownShare',
  'pointOfNoReturn',
  'freeze',
  'patiencePasses',
  'otherwise',
] as const satisfies readonly (keyof Budget)[];

/** Each field as a number that grows with how much a guest may be hurt for the sake of arriving. */
function pressure(budget: Budget): Record<keyof Budget, number> {
  return {
    blackoutMs: budget.blackoutMs,
    slowdownShare: budget.slowdownShare,
    pointOfNoReturn: pointsOfNoReturn.indexOf(budget.pointOfNoReturn),
    freeze: longestFreezeMs(budget.freeze),
    patiencePasses: -budget.patiencePasses,
    otherwise: budget.otherwise === 'finish' ? 1 : 0,
  };
}

function longestFreezeMs(freeze: Freeze): number {
  if (freeze.kind === 'up-to') return freeze.ms;
  return freeze.kind === 'never' ? 0 : Infinity;
}

/** Pairs of cells: the second one may hurt at least as much as the first. */
const raised = slaClasses.flatMap((slaClass, at) =>
  importances.flatMap((importance, level) => {
    const lower = slaClasses[at - 1];
    const higher = importances[level + 1];
    const from = { slaClass, importance };
    return [
      ...(lower === undefined ? [] : [{ from, to: { slaClass: lower, importance } }]),
      ...(higher === undefined ? [] : [{ from, to: { slaClass, importance: higher } }]),
    ];
  }),
);

describe('the default matrix', () => {
  test.each(raised)('from $from to $to is never gentler', ({ from, to }) => {
    const before = pressure(budgetFor(from.slaClass, from.importance));
    const after = pressure(budgetFor(to.slaClass, to.importance));
    const gentler = fields.filter((field) => after[field] < before[field]);
    expect(gentler).toEqual([]);
  });

  test.each(slaClasses)('a %s of high importance always arrives', (slaClass) => {
    const { otherwise, freeze } = budgetFor(slaClass, 'high');
    expect({ otherwise, freeze }).toEqual({ otherwise: 'finish', freeze: { kind: 'as-needed' } });
  });

  test.each(slaClasses.flatMap((c) => importances.map((i) => [c, i] as const)))(
    'a %s of %s importance that must finish has a last resort',
    (slaClass, importance) => {
      const { otherwise, freeze } = budgetFor(slaClass, importance);
      expect(otherwise === 'finish').toBe(freeze.kind === 'as-needed');
    },
  );

  test('a panda of low importance is never hurt', () => {
    const { slowdownShare, pointOfNoReturn, freeze } = budgetFor('panda', 'low');
    expect({ slowdownShare, pointOfNoReturn, freeze }).toEqual({
      slowdownShare: 0,
      pointOfNoReturn: 'never',
      freeze: { kind: 'never' },
    });
  });
});
