/**
 * Measures the program as it is installed: as JavaScript, without the sources that Node would have to
 * take the types out of. Usage: node bench/scale/installed.ts [the options of run.ts]
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), 'drover-scale-'));
try {
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const tsc = join(root, 'node_modules/.bin/tsc');
  run(tsc, ['-p', join(root, 'bench/scale/tsconfig.json'), '--outDir', folder]);
  run(process.execPath, [
    ...(await nodeOptions()),
    join(folder, 'bench/scale/run.js'),
    ...process.argv.slice(2),
  ]);
} finally {
  await rm(folder, { recursive: true });
}

/** Of the first line of what is installed: what Node is told at its start. */
async function nodeOptions(): Promise<readonly string[]> {
  const [first = ''] = (await readFile(join(root, 'bin/drover.js'), 'utf8')).split('\n');
  return first.match(/--\S+/g) ?? [];
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
}
