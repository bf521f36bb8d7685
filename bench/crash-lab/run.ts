import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashOnLab } from '../../tests/controller/lab-crash.ts';

/**
 * Kills the controller of real migrations with SIGKILL, at moments that follow from the seed, and
 * judges what was told by what both hosts and the guests themselves say. See README.md.
 */
const args = process.argv.slice(2);
const kills = args.includes('--quick') ? 5 : 15;
const at = args.indexOf('--seed');
const seed = at < 0 ? 1 : Number(args[at + 1]);

const startMs = performance.now();
const dir = await mkdtemp(join(tmpdir(), 'drover-crash-'));
const { migrations, wrong, startedTwice, unsteered, killedIn } = await crashOnLab(dir, kills, seed);
const seconds = Math.round((performance.now() - startMs) / 1000);
const outcomes = Map.groupBy(migrations, ({ phase }) => phase);
console.log('| outcome | migrations | past the point of no return |');
console.log('|---|---|---|');
for (const [phase, rows] of outcomes) {
  const past = rows.filter(({ pointOfNoReturnAt }) => pointOfNoReturnAt !== undefined).length;
  console.log(`| ${phase} | ${rows.length} | ${past} |`);
}
for (const line of wrong) console.log(line);
const phases = Object.entries(killedIn).map(([phase, count]) => `killed_${phase} ${count}`);
console.log(
  `kills ${kills} seed ${seed} migrations ${migrations.length} wrong ${wrong.length} twice ${startedTwice.length} unsteered ${unsteered.length} ${phases.join(' ')} seconds ${seconds}`,
);
process.exitCode = wrong.length + startedTwice.length + unsteered.length === 0 ? 0 : 1;
