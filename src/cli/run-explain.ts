import { recordingDocument } from '../recording/text.ts';
import type { AskFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { recordingOf } from './recordings.ts';
import { storyOf } from './story.ts';

/** `drover explain`: the story of a migration; as a document all that is kept of it. */
export async function runExplain(io: Io, wanted: string, flags: AskFlags): Promise<void> {
  const recording = await recordingOf(io, flags, wanted);
  await print(io, flags.output, recordingDocument(recording), { table: () => storyOf(recording) });
}
