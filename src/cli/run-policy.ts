import { isDeepStrictEqual } from 'node:util';
import { loadConfig } from '../fleet/config.ts';
import type { Budget } from '../policy/budget.ts';
import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import { budgetFieldNames, type Change, changesOf, matrixWith } from '../policy/overrides.ts';
import { importances, slaClasses } from '../policy/vocabulary.ts';
import { formatDuration } from '../units/format.ts';
import type { AskFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { withSession } from './session.ts';
import { type Column, formatTable } from './table.ts';

/** What is in force, in the words of the config file, and what of it is not as it is by default. */
interface InForce {
  readonly policy: Matrix;
  readonly changed: readonly string[];
}

/** `drover policy show`. */
export async function runPolicyShow(io: Io, flags: AskFlags): Promise<void> {
  const policy = await withSession(io, flags, ({ client }) => client.policy());
  const changes = differences(policy);
  const inForce: InForce = { policy, changed: changes.map(nameOf) };
  const table = (): string => matrixText(policy) + changesText(policy, changes);
  await print(io, flags.output, inForce, { table });
}

function differences(matrix: Matrix): Change[] {
  return slaClasses.flatMap((slaClass) =>
    importances.flatMap((importance) => {
      const usual = defaultMatrix[slaClass][importance];
      const now = matrix[slaClass][importance];
      return budgetFieldNames
        .filter((field) => !isDeepStrictEqual(now[field], usual[field]))
        .map((field) => ({ slaClass, importance, field }));
    }),
  );
}

/** `drover policy check`: reads a config file; loadConfig says what is wrong with it. */
export async function runPolicyCheck(io: Io, file: string): Promise<void> {
  const { policy: overrides } = await loadConfig(file);
  const changes = changesOf(overrides);
  const count = `${changes.length} value${changes.length === 1 ? '' : 's'}`;
  io.out.write(`${file} is valid and sets ${count} of the policy.\n`);
  io.out.write(changesText(matrixWith(overrides), changes));
}

function nameOf({ slaClass, importance, field }: Change): string {
  return `${slaClass}.${importance}.${field}`;
}

function changesText(matrix: Matrix, changes: readonly Change[]): string {
  if (changes.length === 0) return '';
  const lines = changes.map((change) => {
    const { slaClass, importance, field } = change;
    const now = JSON.stringify(matrix[slaClass][importance][field]);
    const usual = JSON.stringify(defaultMatrix[slaClass][importance][field]);
    return `  ${nameOf(change)}: ${now}, by default ${usual}`;
  });
  return `\nNot as by default:\n${lines.join('\n')}\n`;
}

interface Row {
  readonly slaClass: string;
  readonly importance: string;
  readonly budget: Budget;
}

function matrixText(matrix: Matrix): string {
  const rows = slaClasses.flatMap((slaClass) =>
    importances.map((importance) => ({
      slaClass,
      importance,
      budget: matrix[slaClass][importance],
    })),
  );
  return formatTable(columns, rows);
}

const splits = {
  never: 'never',
  'if-recoverable': 'if recoverable',
  yes: 'yes',
} as const satisfies Record<Budget['pointOfNoReturn'], string>;

const columns: readonly Column<Row>[] = [
  { title: 'CLASS', cell: (row) => row.slaClass },
  { title: 'IMPORTANCE', cell: (row) => row.importance },
  { title: 'BLACKOUT', cell: ({ budget }) => formatDuration(budget.blackoutMs), align: 'right' },
  {
    title: 'SLOWDOWN',
    cell: ({ budget }) => `${Math.round(budget.slowdownShare * 100)} %`,
    align: 'right',
  },
  { title: 'SPLIT', cell: ({ budget }) => splits[budget.pointOfNoReturn] },
  { title: 'FREEZE', cell: ({ budget }) => freezeText(budget.freeze) },
  { title: 'PATIENCE', cell: ({ budget }) => String(budget.patiencePasses), align: 'right' },
  { title: 'OTHERWISE', cell: ({ budget }) => budget.otherwise },
];

function freezeText(freeze: Budget['freeze']): string {
  switch (freeze.kind) {
    case 'never':
      return 'never';
    case 'up-to':
      return `up to ${formatDuration(freeze.ms)}`;
    case 'as-needed':
      return 'as needed';
  }
}
