// oxlint-disable-next-line import/no-unassigned-import -- it has to come first
import './jitless.ts';
import type { Budget } from '../policy/budget.ts';
import type { Matrix } from '../policy/matrix.ts';
import { conflictsOf } from '../policy/overrides.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { parseRecording } from '../recording/text.ts';
import { replay } from '../replay/replay.ts';
import type { Decision } from '../steering/decision.ts';

/** One cell of the matrix as it might be. */
export interface Edit {
  readonly slaClass: SlaClass;
  readonly importance: Importance;
  readonly budget: Budget;
}

export function edited(matrix: Matrix, { slaClass, importance, budget }: Edit): Matrix {
  return { ...matrix, [slaClass]: { ...matrix[slaClass], [importance]: budget } };
}

/** What every matrix has to keep, and this one would not; in words. */
export function objections(matrix: Matrix): readonly string[] {
  return conflictsOf(matrix).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** Where a past migration would have gone another way. */
export interface Parting {
  readonly atMs: number;
  /** Why this would have been done, or was done and would not have been. */
  readonly why: string;
  readonly wasDone: boolean;
  /** How it was expected to end then. */
  readonly ending: Decision['ending'];
}

/** `undefined`: all would have been decided as it was. Throws where it cannot be read. */
export function partingOf(recordingText: string, matrix: Matrix): Parting | undefined {
  const recording = parseRecording(recordingText, 'the recording');
  const { slaClass, importance } = recording;
  const { firstDifference } = replay(recording, { matrix, slaClass, importance });
  if (firstDifference === undefined) return undefined;
  const { recorded, replayed } = firstDifference;
  const told = earlier(recorded, replayed);
  if (told === undefined) return undefined;
  const { atMs, why, ending } = told;
  return { atMs, why, ending, wasDone: told === recorded };
}

/** What would be done now is told, unless something else was done before. */
function earlier(was: Decision | undefined, is: Decision | undefined): Decision | undefined {
  if (was === undefined || is === undefined) return is ?? was;
  return was.atMs < is.atMs ? was : is;
}
