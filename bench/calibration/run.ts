/** The same migrations on the lab and in the simulator, side by side; see README.md. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { LabSide } from './lab-side.ts';
import { type Cell, table, verdictLine } from './report.ts';
import { type Scene, scenes } from './scenes.ts';
import { simulate } from './simulated-side.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    suite: { type: 'string', multiple: true, default: ['forky', 'trixie'] },
    only: { type: 'string', multiple: true, default: [] },
    record: { type: 'string' },
  },
});
const repetitions = values.quick ? 1 : 3;
const links = values.quick ? [100, 300] : [100, 300, 1000];
const chosen = scenes.filter(({ name }) => values.only.length === 0 || values.only.includes(name));

async function play(lab: LabSide, suite: string, scene: Scene, link: number): Promise<Cell> {
  const { figures, moment } = await lab.play(scene, link);
  const simulated = await simulate(suite, scene, link, moment);
  console.error(
    `${suite} ${link} ${scene.name}: ${JSON.stringify(figures)} ${JSON.stringify(moment)}`,
  );
  return { suite, scene: scene.name, linkMbitPerSecond: link, lab: figures, simulated };
}

const cells: Cell[] = [];
for (const suite of values.suite) {
  const lab = await LabSide.up(suite);
  try {
    for (let round = 0; round < repetitions; round += 1) {
      for (const link of links) {
        await lab.shape(link);
        for (const scene of chosen) cells.push(await play(lab, suite, scene, link));
      }
    }
  } finally {
    await lab.down();
  }
}
if (values.record !== undefined) await writeFile(values.record, JSON.stringify(cells));
console.log(table(cells));
console.log(verdictLine(cells));
