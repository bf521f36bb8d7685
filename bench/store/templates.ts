import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { learn } from '../../src/forecast/learn.ts';
import { encodeSamples } from '../../src/recording/columns.ts';
import type { Recording } from '../../src/recording/recording.ts';
import { parseRecording } from '../../src/recording/text.ts';
import type { StoredChapter } from '../../src/store/chapters.ts';
import { toJson } from '../../src/store/json.ts';
import type { Beginning } from '../../src/store/rows.ts';

/** What one recorded migration leaves in the store, as the store writes it. */
export interface Template {
  readonly recording: Recording;
  readonly beginning: string;
  readonly lesson: string;
  readonly ending: string;
  /** One a second, as a controller reports. */
  readonly chapters: readonly string[];
}

const folder = join(import.meta.dirname, '../../tests/recordings');

/** Of the recorded migrations those that Drover steered. */
export async function readTemplates(): Promise<readonly Template[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
  const recordings = await Promise.all(
    files.map(async (file) => parseRecording(await readFile(join(folder, file), 'utf8'), file)),
  );
  return recordings.filter(({ decisions }) => decisions.length > 0).map(templateOf);
}

function templateOf(recording: Recording): Template {
  return {
    recording,
    beginning: toJson(beginningOf(recording)),
    lesson: toJson(learn(recording.samples)),
    ending: toJson(recording.end),
    chapters: chaptersOf(recording).map(toJson),
  };
}

function beginningOf(recording: Recording): Beginning {
  // `undefined` is left out of what is kept.
  const head = { ...recording, samples: undefined, decisions: undefined, why: undefined };
  return {
    head,
    plan: { postCopy: true, autoConverge: undefined, maxDowntimeMs: 50, why: '' },
    ways: [{ uri: 'qemu+tls://destination.example/system', address: undefined }],
    startNumber: 1,
    persistent: true,
    postCopyRecovery: { allowed: true },
    former: { downtimeMs: 300, speedBytesPerSecond: Infinity },
  };
}

/** Cut by the second; a sentence of the story goes with each. */
function chaptersOf({ samples, decisions, why }: Recording): readonly StoredChapter[] {
  const seconds = Math.ceil((samples.at(-1)?.atMs ?? 0) / 1000);
  return Array.from({ length: seconds }, (_, second) => {
    const within = ({ atMs }: { readonly atMs: number }): boolean =>
      Math.floor(atMs / 1000) === second;
    return {
      samples: encodeSamples(samples.filter(within)),
      decisions: decisions.filter(within),
      why: why.slice(second, second === seconds - 1 ? undefined : second + 1),
    };
  });
}
