import { appendFile, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onInterrupt } from '../../src/cli/interrupt.ts';
import { type Found, playSurely } from '../../tests/faults/cell.ts';
import { type Cell, cells, NotReached, quickCells } from '../../tests/faults/matrix.ts';
import { withTable } from './table.ts';

/** Every phase with every fault on the real lab; see README.md. */
const args = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
};
const quick = args.includes('--quick');
const atOnce = Number(option('--jobs') ?? 2);
const only = option('--only');
const file =
  option('--results') ?? join(await mkdtemp(join(tmpdir(), 'drover-faults-')), 'results');

const key = ({ phase, fault }: Cell): string => `${phase}: ${fault.name}`;
const before = await results();
const done = new Set(before.map((found) => `${found.phase}: ${found.fault}`));
const chosen = (quick ? quickCells : cells)
  .filter((cell) => only === undefined || key(cell).includes(only))
  .filter((cell) => !done.has(key(cell)));
console.log(`${chosen.length} of ${cells.length} cells, kept in ${file}`);
const startMs = performance.now();
const missed: string[] = [];
const queue = [...chosen];
// Who is interrupted plays the cells that have begun to their end: nothing is left behind.
const deaf = onInterrupt(
  () => queue.splice(0),
  () => process.exit(130),
);
const ends = await Promise.allSettled(Array.from({ length: atOnce }, work));
deaf();
for (const end of ends) if (end.status === 'rejected') console.error(end.reason);

const all = await results();
const of = (verdict: Found['verdict']): number =>
  all.filter((one) => one.verdict === verdict).length;
if (all.length + missed.length === cells.length) {
  const page = new URL('../../docs/safety.md', import.meta.url);
  await writeFile(page, withTable(await readFile(page, 'utf8'), all));
}
for (const one of missed) console.log(`not reached: ${one}`);
const seconds = Math.round((performance.now() - startMs) / 1000);
console.log(
  `cells ${all.length} kept ${of('kept')} lost_to_physics ${of('lost')} halted ${of('halted')} wrong ${of('wrong')} not_reached ${missed.length} seconds ${seconds}`,
);
const broken = ends.filter(({ status }) => status === 'rejected').length;
process.exitCode = of('wrong') + missed.length + broken === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
    const found = await play(cell);
    if (found === undefined) continue;
    await appendFile(file, `${JSON.stringify(found)}\n`);
    const { verdict, told, longestStallMs, truthMs, problem } = found;
    console.log(
      `${key(cell)} | ${verdict} | ${told} | stall ${longestStallMs} ms | told after ${truthMs ?? '-'} ms | ${problem ?? ''}`,
    );
  }
}

async function play(cell: Cell): Promise<Found | undefined> {
  try {
    return await playSurely(cell, () => mkdtemp(join(tmpdir(), 'drover-fault-')));
  } catch (error) {
    if (!(error instanceof NotReached)) throw new Error(key(cell), { cause: error });
    missed.push(`${key(cell)} (${error.message})`);
    return undefined;
  }
}

async function results(): Promise<readonly Found[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line): Found => JSON.parse(line));
}
