/** The same migrations on the lab and in the simulator, side by side; see README.md. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readRows } from '../peers/rows.ts';
import { LabSide } from './lab-side.ts';
import { playAgain } from './post-copy.ts';
import { type Cell, type Recorded, readRecord } from './recorded.ts';
import { postCopyLine, postCopyTable, table, verdictLine } from './report.ts';
import { scenes } from './scenes.ts';
import { simulateRecorded } from './simulated-side.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    suite: { type: 'string', multiple: true, default: ['forky', 'trixie'] },
    only: { type: 'string', multiple: true, default: [] },
    record: { type: 'string' },
    from: { type: 'string', multiple: true, default: [] },
    'post-copy': { type: 'string', multiple: true, default: [] },
  },
});
const repetitions = values.quick ? 1 : 3;
const links = [100, 300];
const chosen = scenes.filter(({ name }) => values.only.length === 0 || values.only.includes(name));

async function playSuite(suite: string): Promise<Recorded[]> {
  const played: Recorded[] = [];
  const lab = await LabSide.up(suite);
  try {
    for (let round = 0; round < repetitions; round += 1) {
      for (const linkMbitPerSecond of links) {
        await lab.shape(linkMbitPerSecond);
        for (const scene of chosen) {
          const run = await lab.play(scene, linkMbitPerSecond);
          played.push({ suite, scene: scene.name, linkMbitPerSecond, ...run });
          console.error(`${suite} ${linkMbitPerSecond} ${scene.name}`);
        }
      }
    }
  } finally {
    await lab.down();
  }
  return played;
}

async function compareScenes(): Promise<void> {
  const played: Recorded[] = [];
  for (const path of values.from) played.push(...(await readRecord(path)));
  if (values.from.length === 0)
    for (const suite of values.suite) played.push(...(await playSuite(suite)));
  if (values.record !== undefined)
    await writeFile(values.record, `${JSON.stringify(played, undefined, 1)}\n`);
  const cells: Cell[] = [];
  for (const run of played) cells.push({ ...run, simulated: await simulateRecorded(run) });
  console.log(table(cells));
  console.log(verdictLine(cells));
}

/** What guests lost in post-copy in rows of bench/peers; no lab is needed. */
async function comparePostCopy(paths: readonly string[]): Promise<void> {
  const rows = (await Promise.all(paths.map((path) => readRows(path)))).flat();
  const runs = await playAgain(rows);
  console.log(postCopyTable(runs));
  console.log(postCopyLine(runs));
}

if (values['post-copy'].length === 0) await compareScenes();
else await comparePostCopy(values['post-copy']);
