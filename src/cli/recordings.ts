import { readFile } from 'node:fs/promises';
import { DroverError } from '../errors/catalogue.ts';
import type { Recording } from '../recording/recording.ts';
import { parseRecording } from '../recording/text.ts';
import type { ConnectFlags } from './flags.ts';
import type { Io } from './io.ts';
import { withSession } from './session.ts';

/** The recording that a person means: a file where it looks like one, else one that is kept. */
export async function recordingOf(io: Io, flags: ConnectFlags, wanted: string): Promise<Recording> {
  if (!wanted.includes('/') && !wanted.endsWith('.json'))
    return withSession(io, flags, ({ client }) => client.recording(wanted));
  const text = await readFile(wanted, 'utf8').catch((error: unknown) => {
    throw new DroverError('recording.not-found', `${wanted} cannot be read`, { cause: error });
  });
  return parseRecording(text, wanted);
}
