import type { Budget } from './budget.ts';
import { defaultMatrix, type Matrix } from './matrix.ts';
import type { Importance, SlaClass } from './vocabulary.ts';

/** What a guest of this class may suffer in an operation of this importance. */
export function budgetFor(
  slaClass: SlaClass,
  importance: Importance,
  matrix: Matrix = defaultMatrix,
): Budget {
  return matrix[slaClass][importance];
}
