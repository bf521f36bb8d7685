/** Writes anew what is decided over the recorded migrations, and says what has changed. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultMatrix } from '../../src/policy/matrix.ts';
import { parseRecording } from '../../src/recording/text.ts';
import { actsText } from '../../src/replay/acts-text.ts';
import { stepsOver } from '../../src/replay/replay.ts';

const folder = import.meta.dirname;
const expectedPath = join(folder, 'expected', 'acts.json');

const before: Record<string, unknown> = JSON.parse(await readFile(expectedPath, 'utf8'));
const now: Record<string, readonly string[]> = {};
const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
for (const file of files) {
  const recording = parseRecording(await readFile(join(folder, file), 'utf8'), file);
  const acts = actsText(stepsOver(recording, { ...recording, matrix: defaultMatrix }));
  now[file] = acts;
  if (JSON.stringify(before[file]) === JSON.stringify(acts)) continue;
  console.log(
    `${file}\n  was ${JSON.stringify(before[file] ?? 'not there')}\n  is  ${JSON.stringify(acts)}`,
  );
}
await writeFile(expectedPath, `${JSON.stringify(now, null, 1)}\n`);
console.log(`${files.length} recordings`);
