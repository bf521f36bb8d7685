import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loseReplicas } from '../../tests/controller/lab-replicas.ts';

/** How soon others steer what a replica steered that is killed, halted or ended; see README.md. */
const dir = await mkdtemp(join(tmpdir(), 'drover-take-over-'));
const { takenOverMs, steered, ordersOfTheFenced, migrations, wrong } = await loseReplicas(dir);
console.log('| a replica is | it steered | all of it steered by others after |');
console.log('|---|---|---|');
const ways = ['killed', 'halted', 'ended'] as const;
for (const way of ways)
  console.log(`| ${way} | ${steered[way]} | ${(takenOverMs[way] / 1000).toFixed(1)} s |`);
for (const line of wrong) console.log(line);
const completed = migrations.filter(({ phase }) => phase === 'completed').length;
const figures = ways.map((way) => `${way}_s ${(takenOverMs[way] / 1000).toFixed(1)}`);
console.log(
  `${figures.join(' ')} fenced_orders ${ordersOfTheFenced} migrations ${migrations.length} completed ${completed} wrong ${wrong.length}`,
);
process.exitCode = wrong.length + ordersOfTheFenced === 0 ? 0 : 1;
