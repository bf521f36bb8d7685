import { z } from 'zod';
import type { Budget, Freeze } from './budget.ts';
import { defaultMatrix, type Matrix } from './matrix.ts';
import { type Importance, importances, type SlaClass, slaClasses } from './vocabulary.ts';

const freeze = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('never') }),
  z.strictObject({ kind: z.literal('up-to'), ms: z.number().min(1).max(2_000_000) }),
  z.strictObject({ kind: z.literal('as-needed') }),
]) satisfies z.ZodType<Freeze>;

const budgetFields = {
  blackoutMs: z.number().min(1).max(600_000),
  /** QEMU throttles by 99 % at most. */
  slowdownShare: z.number().min(0).max(0.99),
  pointOfNoReturn: z.enum(['never', 'if-recoverable', 'yes']),
  freeze,
  patiencePasses: z.number().min(0).max(1_000),
  otherwise: z.enum(['stay', 'finish']),
} satisfies { readonly [Field in keyof Budget]: z.ZodType<Budget[Field]> };

const cell = z.strictObject(budgetFields).partial();
const row = z.strictObject({ low: cell, medium: cell, high: cell }).partial();

/** What an admin changes of the matrix: single fields of single cells. */
export const overridesSchema = z
  .strictObject({ cattle: row, pet: row, panda: row })
  .partial()
  .superRefine((overrides, context) => {
    for (const { path, message } of conflictsOf(matrixWith(overrides))) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

export type Overrides = {
  readonly [Class in SlaClass]?:
    | { readonly [Level in Importance]?: Partial<PossiblyUndefined<Budget>> | undefined }
    | undefined;
};
type PossiblyUndefined<T> = { readonly [Field in keyof T]: T[Field] | undefined };

/** Every migration of a fleet has the same one. */
const matrices = new WeakMap<Overrides, Matrix>();

/** The default matrix with what an admin changed. */
export function matrixWith(overrides: Overrides): Matrix {
  const known = matrices.get(overrides);
  if (known !== undefined) return known;
  const matrix = wholeMatrix(overrides);
  matrices.set(overrides, matrix);
  return matrix;
}

function wholeMatrix(overrides: Overrides): Matrix {
  const rowOf = (slaClass: SlaClass): Matrix[SlaClass] => ({
    low: budgetWith(overrides, slaClass, 'low'),
    medium: budgetWith(overrides, slaClass, 'medium'),
    high: budgetWith(overrides, slaClass, 'high'),
  });
  return { cattle: rowOf('cattle'), pet: rowOf('pet'), panda: rowOf('panda') };
}

function budgetWith(overrides: Overrides, slaClass: SlaClass, importance: Importance): Budget {
  const base = defaultMatrix[slaClass][importance];
  const changed = overrides[slaClass]?.[importance] ?? {};
  return {
    blackoutMs: changed.blackoutMs ?? base.blackoutMs,
    slowdownShare: changed.slowdownShare ?? base.slowdownShare,
    pointOfNoReturn: changed.pointOfNoReturn ?? base.pointOfNoReturn,
    freeze: changed.freeze ?? base.freeze,
    patiencePasses: changed.patiencePasses ?? base.patiencePasses,
    otherwise: changed.otherwise ?? base.otherwise,
  };
}

/** Where a matrix breaks a promise that every matrix has to keep. */
export interface Conflict {
  readonly path: readonly [SlaClass, Importance, keyof Budget];
  readonly message: string;
}

/**
 * What must hold of any matrix: high importance finishes; what finishes may freeze as needed, or it
 * could go on for ever; and raising the importance or lowering the class is never gentler.
 */
export function conflictsOf(matrix: Matrix): readonly Conflict[] {
  return slaClasses.flatMap((slaClass, at) =>
    importances.flatMap((importance, level) => {
      const here = { slaClass, importance, budget: matrix[slaClass][importance] };
      const lowerClass = slaClasses[at - 1];
      const lowerImportance = importances[level - 1];
      return [
        ...endlessness(here),
        ...(lowerImportance === undefined
          ? []
          : gentlerThan(
              here,
              matrix[slaClass][lowerImportance],
              lowerImportance,
              'the importance',
            )),
        ...(lowerClass === undefined
          ? []
          : harsherThan(here, matrix[lowerClass][importance], lowerClass)),
      ];
    }),
  );
}

interface Cell {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly budget: Budget;
}

function endlessness({ slaClass, importance, budget }: Cell): Conflict[] {
  const conflicts: Conflict[] = [];
  if (importance === 'high' && budget.otherwise !== 'finish') {
    const path = [slaClass, importance, 'otherwise'] as const;
    conflicts.push({ path, message: 'high importance always finishes: only finish is allowed' });
  }
  if (budget.otherwise === 'finish' && budget.freeze.kind !== 'as-needed') {
    const path = [slaClass, importance, 'freeze'] as const;
    const message = 'what must finish may freeze as needed: expected { kind: as-needed }';
    conflicts.push({ path, message });
  }
  return conflicts;
}

function gentlerThan(here: Cell, lower: Budget, name: string, what: string): Conflict[] {
  return fieldsBelow(here.budget, lower).map((field) => ({
    path: [here.slaClass, here.importance, field],
    message: `raising ${what} must not make it gentler than ${here.slaClass}.${name}`,
  }));
}

function harsherThan(here: Cell, lowerClass: Budget, name: string): Conflict[] {
  return fieldsBelow(lowerClass, here.budget).map((field) => ({
    path: [here.slaClass, here.importance, field],
    message: `a ${here.slaClass} must not be treated worse than ${name}.${here.importance}`,
  }));
}

export const budgetFieldNames = [
  'blackoutMs',
  'slowdownShare',
  'pointOfNoReturn',
  'freeze',
  'patiencePasses',
  'otherwise',
] as const satisfies readonly (keyof Budget)[];

/** The fields in which one budget hurts less than the other. */
function fieldsBelow(one: Budget, other: Budget): readonly (keyof Budget)[] {
  return budgetFieldNames.filter((field) => pressure(one)[field] < pressure(other)[field]);
}

const pointsOfNoReturn = ['never', 'if-recoverable', 'yes'] as const;

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

function longestFreezeMs(value: Freeze): number {
  if (value.kind === 'up-to') return value.ms;
  return value.kind === 'never' ? 0 : Infinity;
}

/** One value that an admin changed. */
export interface Change {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly field: keyof Budget;
}

/** All that differs from the default matrix because an admin says so. */
export function changesOf(overrides: Overrides): readonly Change[] {
  return slaClasses.flatMap((slaClass) =>
    importances.flatMap((importance) =>
      budgetFieldNames
        .filter((field) => overrides[slaClass]?.[importance]?.[field] !== undefined)
        .map((field) => ({ slaClass, importance, field })),
    ),
  );
}
