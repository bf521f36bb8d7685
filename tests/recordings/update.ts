/** Writes anew what is decided over the recorded migrations, and says what has changed. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { matrixWith } from '../../src/policy/overrides.ts';
import { parseRecording } from '../../src/recording/text.ts';
import { actsText } from '../../src/replay/acts-text.ts';
import { rideAlong } from '../../src/replay/ride-along.ts';
import { steersmanFor } from '../../src/steering/steersman.ts';

const folder = import.meta.dirname;
const expectedPath = join(folder, 'expected', 'acts.json');

async function readExpected(): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(expectedPath, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

const before = await readExpected();
const now: Record<string, readonly string[]> = {};
const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
for (const file of files) {
  const recording = parseRecording(await readFile(join(folder, file), 'utf8'), file);
  const { slaClass, importance, deadlineMs, prior, vm, capabilities, samples } = recording;
  const intent = { slaClass, importance, deadlineMs };
  const briefing = {
    intent: () => intent,
    matrix: matrixWith({}),
    prior,
    memoryBytes: vm.memoryBytes,
  };
  const acts = actsText(rideAlong(steersmanFor(briefing), capabilities, samples));
  now[file] = acts;
  if (JSON.stringify(before[file]) === JSON.stringify(acts)) continue;
  console.log(
    `${file}\n  was ${JSON.stringify(before[file] ?? 'not there')}\n  is  ${JSON.stringify(acts)}`,
  );
}
await mkdir(join(folder, 'expected'), { recursive: true });
await writeFile(expectedPath, `${JSON.stringify(now, null, 1)}\n`);
console.log(`${files.length} recordings`);
