import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatDuration } from '../units/format.ts';
import type { Budget } from './budget.ts';
import { budgetFor } from './budget-for.ts';
import { importances, slaClasses } from './vocabulary.ts';

test('docs/policy.md shows the matrix in force', () => {
  const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
  const rows = slaClasses.flatMap((slaClass) =>
    importances.map((importance) => row(slaClass, importance, budgetFor(slaClass, importance))),
  );
  expect(rows.filter((text) => !page.includes(text))).toEqual([]);
});

function row(slaClass: string, importance: string, budget: Budget): string {
  const { freeze, slowdownShare, patiencePasses } = budget;
  const cells = [
    `${slaClass}, ${importance}`,
    duration(budget.blackoutMs),
    slowdownShare === 0 ? 'none' : `${Math.round(slowdownShare * 100)} %`,
    budget.pointOfNoReturn.replaceAll('-', ' '),
    freeze.kind === 'up-to' ? `up to ${duration(freeze.ms)}` : freeze.kind.replaceAll('-', ' '),
    patiencePasses === 0 ? 'none' : `${patiencePasses} pass${patiencePasses === 1 ? '' : 'es'}`,
    budget.otherwise,
  ];
  return `| ${cells.join(' | ')} |`;
}

function duration(ms: number): string {
  return formatDuration(ms).replace('.0 s', ' s');
}
