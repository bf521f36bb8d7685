import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guestsPerEpisode } from '../../src/controller/testing/episode.ts';
import { type Mutant, mutants } from './mutants.ts';
import { type Played, play } from './play.ts';

/** Random faults in simulated migrations, and what they show of mutants; see README.md. */
const args = process.argv.slice(2);
const quick = args.includes('--quick');
const root = new URL('../..', import.meta.url).pathname;
const worker = 'bench/faults-simulated/worker.ts';
const workers = 2;
const firstSeed = 1;
/** A mutant that so many episodes do not show is missed. */
const mostForMutant = 400;

const startMs = performance.now();
process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const seed = numberAfter('--seed');
  if (seed !== undefined) return showOne(seed);
  const asked = numberAfter('--migrations') ?? (quick ? 5_000 : 100_000);
  const violations = args.includes('--mutants')
    ? 0
    : await whole(Math.ceil(asked / guestsPerEpisode));
  const missed = args.includes('--no-mutants') ? 0 : await allMutants();
  return violations + missed === 0;
}

function numberAfter(name: string): number | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : Number(args[at + 1]);
}

async function showOne(seed: number): Promise<boolean> {
  let wrong = 0;
  await play(join(root, worker), { first: seed, count: 1, workers: 1 }, (played) => {
    console.log(JSON.stringify(played, undefined, 2));
    wrong += played.wrong.length;
    return 'more';
  });
  return wrong === 0;
}

async function whole(count: number): Promise<number> {
  const all: Record<'ended' | 'struck' | 'faults' | 'gone', Map<string, number>> = {
    ended: new Map(),
    struck: new Map(),
    faults: new Map(),
    gone: new Map(),
  };
  const violated: Played[] = [];
  await play(join(root, worker), { first: firstSeed, count, workers }, (played) => {
    add(all.ended, played.phases);
    add(all.struck, played.struckIn);
    add(
      all.faults,
      played.faults.map(({ what }) => what),
    );
    add(all.gone, played.gone);
    if (played.wrong.length > 0) violated.push(played);
    return 'more';
  });
  for (const [of, counts] of Object.entries(all)) table(of, counts);
  for (const { seed, wrong } of violated) console.log(`seed ${seed}: ${wrong.join('; ')}`);
  const migrations = [...all.ended.values()].reduce((sum, one) => sum + one, 0);
  console.log(
    `migrations ${migrations} episodes ${count} violations ${violated.length} seconds ${seconds()}`,
  );
  return violated.length;
}

async function allMutants(): Promise<number> {
  console.log('| mutant | seen as | seed |');
  console.log('|---|---|---|');
  let missed = 0;
  for (const mutant of mutants) {
    const seen = await withMutant(mutant, firstWrong);
    if (seen === undefined) missed += 1;
    console.log(`| ${mutant.name} | ${seen?.wrong[0] ?? '**missed**'} | ${seen?.seed ?? ''} |`);
  }
  console.log(`mutants ${mutants.length} missed ${missed} seconds ${seconds()}`);
  return missed;
}

async function firstWrong(folder: string): Promise<Played | undefined> {
  let found: Played | undefined;
  await play(
    join(folder, worker),
    { first: firstSeed, count: mostForMutant, workers },
    (played) => {
      if (played.wrong.length > 0) found ??= played;
      return found === undefined ? 'more' : 'enough';
    },
  );
  return found;
}

/** A copy of the sources with one rule left out. */
async function withMutant<T>(
  { name, file, find, replace }: Mutant,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-mutant-'));
  try {
    for (const part of ['src', 'bench/faults-simulated', 'package.json'])
      await cp(join(root, part), join(folder, part), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'src', file);
    const text = await readFile(path, 'utf8');
    if (text.split(find).length !== 2)
      throw new Error(`the rule of "${name}" is not in ${file} once`);
    await writeFile(
      path,
      text.replace(find, () => replace),
    );
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function add(to: Map<string, number>, names: readonly string[]): void {
  for (const name of names) to.set(name, (to.get(name) ?? 0) + 1);
}

function table(of: string, counts: ReadonlyMap<string, number>): void {
  console.log(`| ${of} | times |`);
  console.log('|---|---|');
  for (const [name, count] of [...counts].toSorted(([, a], [, b]) => b - a))
    console.log(`| ${name} | ${count} |`);
  console.log('');
}

function seconds(): number {
  return Math.round((performance.now() - startMs) / 1000);
}
