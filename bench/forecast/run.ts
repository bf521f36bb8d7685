/** How far Drover's forecasts are off, on real migrations; see README.md. */
import { parseArgs } from 'node:util';
import type { Lesson } from '../../src/forecast/learn.ts';
import {
  type Pair,
  type Scene,
  type WorkloadName,
  workloads as workloadTexts,
} from '../steering/cells.ts';
import { Stage } from '../steering/stage.ts';
import { errorsAt, errorTable, type Row, rowTable, verdictLine } from './report.ts';
import { ride } from './ride.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    suite: { type: 'string', default: 'forky' },
  },
});

const workloads: readonly WorkloadName[] = ['idle', 'below', 'hot', 'busy', 'phased'];
const links = values.quick ? [200] : [100, 200, 400];
const pairs: readonly Pair[] = [
  { slaClass: 'pet', importance: 'high' },
  { slaClass: 'panda', importance: 'medium' },
];
/** Each scene is ridden so often with each pair: from the second ride on the guest is known. */
const rounds = values.quick ? 2 : 3;

async function rideScene(stage: Stage, scene: Scene): Promise<Row[]> {
  const rows: Row[] = [];
  const known: Lesson[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const pair of pairs) {
      await stage.play({ ...scene, does: workloadTexts[scene.workload] });
      const { actual, said, lesson } = await ride(stage, pair, known);
      known.unshift(lesson);
      const name = `${scene.workload}/${scene.linkMbitPerSecond} ${pair.slaClass}/${pair.importance}`;
      rows.push(...said.map((one) => ({ scene: name, said: one, actual })));
      console.error(`${name}: ${actual.ending} after ${Math.round(actual.totalMs)} ms`);
    }
  }
  return rows;
}

const stage = await Stage.set(values.suite);
const rows: Row[] = [];
try {
  for (const linkMbitPerSecond of links) {
    for (const workload of workloads) {
      rows.push(...(await rideScene(stage, { workload, linkMbitPerSecond })));
    }
  }
  const harm = await stage.checkWhole();
  if (harm !== undefined) throw new Error(harm.message);
} finally {
  await stage.down();
}
const errors = [0, 0.25, 0.5].map((share) => errorsAt(rows, share));
console.log(`${rowTable(rows)}\n\n${errorTable(errors)}\n`);
console.log(`suite ${values.suite} forecasts ${rows.length} ${verdictLine(errors)}`);
