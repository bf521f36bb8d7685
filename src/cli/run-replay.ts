import { loadConfig } from '../fleet/config.ts';
import { defaultMatrix, type Matrix } from '../policy/matrix.ts';
import { matrixWith } from '../policy/overrides.ts';
import type { Recording } from '../recording/recording.ts';
import { actsOf, type Replay, replay, type Terms } from '../replay/replay.ts';
import type { Decision } from '../steering/decision.ts';
import { formatDuration } from '../units/format.ts';
import type { ReplayFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { recordingOf } from './recordings.ts';

/** `drover replay`. */
export async function runReplay(io: Io, wanted: string, flags: ReplayFlags): Promise<void> {
  const recording = await recordingOf(wanted);
  const terms: Terms = {
    matrix: await matrixFor(recording, flags.policy),
    slaClass: flags.class ?? recording.slaClass,
    importance: flags.importance ?? recording.importance,
  };
  const replayed = replay(recording, terms);
  await print(io, flags.output, replayed, {
    table: (result) => replayText(recording, terms, result),
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

function replayText(recording: Recording, terms: Terms, result: Replay): string {
  return [
    `${recording.id}: ${recording.vm.name}, recorded as ${recording.slaClass}, ${recording.importance}; replayed as ${terms.slaClass}, ${terms.importance}`,
    '\nRecorded:',
    ...linesOf(result.recorded),
    '\nReplayed:',
    ...linesOf(result.replayed),
    `\n${differenceText(result)}`,
    '',
  ].join('\n');
}

function linesOf(decisions: readonly Decision[]): string[] {
  const acts = actsOf(decisions);
  return acts.length === 0
    ? ['  nothing is done']
    : acts.map((one) => `  ${actText(one)}\n      ${one.why}`);
}

function actText({ atMs, action }: Decision): string {
  return `at ${formatDuration(atMs)}  ${action.kind}`;
}

function differenceText({ firstDifference }: Replay): string {
  if (firstDifference === undefined) return 'The same is done at the same moments.';
  const { recorded, replayed } = firstDifference;
  const was = recorded === undefined ? 'nothing more' : actText(recorded);
  const is = replayed === undefined ? 'nothing more' : actText(replayed);
  return `First difference: then, ${was}; now, ${is}. From there on the readings are no longer what would have been read.`;
}
