import { crash } from '../../src/controller/testing/crashes.ts';

/** The controller of simulated migrations dies again and again, on a real store; see README.md. */
const args = process.argv.slice(2);
const kills = args.includes('--quick') ? 60 : 300;
const at = args.indexOf('--seed');
const seed = at < 0 ? 1 : Number(args[at + 1]);

const startMs = performance.now();
const { migrations, wrong, twice, unsteered, killedIn } = await crash(kills, seed);
const seconds = Math.round((performance.now() - startMs) / 1000);
console.log('| outcome | migrations |');
console.log('|---|---|');
for (const [phase, rows] of Map.groupBy(migrations, (row) => row.phase))
  console.log(`| ${phase} | ${rows.length} |`);
for (const line of wrong) console.log(line);
const phases = Object.entries(killedIn).map(([phase, count]) => `killed_${phase} ${count}`);
console.log(
  `kills ${kills} seed ${seed} migrations ${migrations.length} wrong ${wrong.length} twice ${twice.length} unsteered ${unsteered.length} ${phases.join(' ')} seconds ${seconds}`,
);
process.exitCode = wrong.length + twice.length + unsteered.length === 0 ? 0 : 1;
