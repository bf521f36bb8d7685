import type { Budget } from '../policy/budget.ts';
import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import { importances, slaClasses } from '../policy/vocabulary.ts';
import { formatDuration } from '../units/format.ts';
import type { PolicyFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { type Column, formatTable } from './table.ts';

/** `drover policy show`. */
export async function runPolicyShow(io: Io, flags: PolicyFlags): Promise<void> {
  await print(io, flags.output, defaultMatrix, { table: matrixText });
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
