import { recordingText } from '../recording/text.ts';
import type { ExplainFlags } from './flags.ts';
import type { Io } from './io.ts';
import { print } from './output.ts';
import { recordingOf } from './recordings.ts';
import { storyOf } from './story.ts';

/** `drover explain`: the story of a migration; with `-o json` all that is kept of it. */
export async function runExplain(io: Io, wanted: string, flags: ExplainFlags): Promise<void> {
  const recording = await recordingOf(wanted);
  if (flags.output === 'json') {
    io.out.write(recordingText(recording));
    return;
  }
  await print(io, flags.output, recording, { table: storyOf });
}
