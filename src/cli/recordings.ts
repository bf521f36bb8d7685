import { readFile } from 'node:fs/promises';
import { DroverError } from '../errors/catalogue.ts';
import { localJournal } from '../journal/local.ts';
import type { Recording } from '../recording/recording.ts';
import { parseRecording } from '../recording/text.ts';

/** The recording that a person means: a file where it looks like one, else one that is kept here. */
export async function recordingOf(wanted: string): Promise<Recording> {
  if (!wanted.includes('/') && !wanted.endsWith('.json')) return localJournal().find(wanted);
  const text = await readFile(wanted, 'utf8').catch((error: unknown) => {
    throw new DroverError('recording.not-found', `${wanted} cannot be read`, { cause: error });
  });
  return parseRecording(text, wanted);
}
