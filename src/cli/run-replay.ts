import { loadConfig } from '../fleet/config.ts';
import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import { matrixWith } from '../policy/overrides.ts';
import type { Recording } from '../recording/recording.ts';
import { replay, type Terms } from '../replay/replay.ts';
import type { ReplayFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { recordingOf } from './recordings.ts';
import { replayDocument, replayText } from './replay-text.ts';

/** `drover replay`. */
export async function runReplay(io: Io, wanted: string, flags: ReplayFlags): Promise<void> {
  const recording = await recordingOf(io, flags, wanted);
  const terms: Terms = {
    matrix: await matrixFor(recording, flags.policy),
    slaClass: flags.class ?? recording.slaClass,
    importance: flags.importance ?? recording.importance,
  };
  const replayed = replay(recording, terms);
  await print(io, flags.output, replayDocument(recording, terms, replayed), {
    table: () => replayText(recording, terms, replayed),
  });
}

/** The named file's policy; else the budget of then stands in its cell, and the default elsewhere. */
async function matrixFor(recording: Recording, file: string | undefined): Promise<Matrix> {
  if (file !== undefined) return matrixWith((await loadConfig(file)).policy);
  const { slaClass, importance, budget } = recording;
  return {
    ...defaultMatrix,
    [slaClass]: { ...defaultMatrix[slaClass], [importance]: budget },
  };
}
