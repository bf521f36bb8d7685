import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haunt } from '../../tests/faults/nemesis.ts';

/** Something breaks all the time, for ten minutes; see README.md. */
const args = process.argv.slice(2);
const option = (name: string, usual: number): number => {
  const at = args.indexOf(name);
  return at < 0 ? usual : Number(args[at + 1]);
};
const minutes = option('--minutes', args.includes('--quick') ? 2 : 10);
const seed = option('--seed', 1);
const folder = await mkdtemp(join(tmpdir(), 'drover-nemesis-'));
const { faults, migrations, wrong } = await haunt(folder, minutes * 60_000, seed);
console.log('| fault | times |');
console.log('|---|---|');
for (const [name, times] of Map.groupBy(faults, (fault) => fault))
  console.log(`| ${name} | ${times.length} |`);
for (const line of wrong) console.log(line);
const ends = [...Map.groupBy(migrations, ({ phase }) => phase)].map(
  ([phase, rows]) => `${phase} ${rows.length}`,
);
console.log(
  `minutes ${minutes} seed ${seed} faults ${faults.length} migrations ${migrations.length} ${ends.join(' ')} wrong ${wrong.length}`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;
