import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Shell, shells } from '../../src/cli/shells.ts';
import { root } from './drover.ts';

const execute = promisify(execFile);
const pressTab = fileURLToPath(new URL('press-tab.zsh', import.meta.url));
let dir: string;

/** As somebody whose shell knows `drover`, and nothing of this machine's own. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const home = join(dir, 'home');
  const own = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, DROVER_STATE_DIR: home };
  const path = `${join(dir, 'bin')}:${process.env['PATH']}`;
  const env = { ...process.env, ...own, PATH: path, TERM: 'xterm' };
  const { stdout } = await execute(command, args, { env, cwd: dir, timeout: 30_000 });
  return stdout;
}

const fileOf: Readonly<Record<Shell, string>> = {
  bash: 'drover.bash',
  zsh: '_drover',
  fish: 'drover.fish',
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drover-completion-'));
  for (const folder of ['bin', 'home', 'files', 'completions']) await mkdir(join(dir, folder));
  await symlink(`${root}bin/drover.js`, join(dir, 'bin', 'drover'));
  for (const shell of shells)
    await writeFile(
      join(dir, 'completions', fileOf[shell]),
      await run('drover', ['completion', shell]),
    );
  await run('drover', ['context', 'add', 'site:a', '--server', 'https://a.example:7420']);
  await run('drover', ['context', 'add', 'plain', '--server', 'https://b.example:7420']);
  for (const name of ['one.yaml', 'other.yaml']) await writeFile(join(dir, 'files', name), '');
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

/** What each line can go on with; sorted, as no shell keeps an order. */
const lines: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['drover migr', ['migrate', 'migrations']],
  ['drover class set web ', ['cattle', 'panda', 'pet']],
  ['drover class set web p', ['panda', 'pet']],
  ['drover migrate web --fr', ['--from']],
  ['drover context use ', ['plain', 'site:a']],
  ['drover migrate web --config files/o', ['files/one.yaml', 'files/other.yaml']],
  ['drover migrate web --deadline ', []],
];

function sorted(text: string): readonly string[] {
  const words = text.split('\n').map((line) => line.split('\t')[0] ?? '');
  return words.filter((word) => word !== '').toSorted();
}

test.each(lines)('bash: %s', async (line, words) => {
  const typed = line.split(' ');
  const quoted = typed.map((word) => `'${word}'`).join(' ');
  const script = `source completions/drover.bash; compopt() { :; }
COMP_WORDS=(${quoted}); COMP_CWORD=${typed.length - 1}; _drover; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(sorted(await run('bash', ['--norc', '-c', script]))).toEqual(words);
});

test.each(lines)('fish: %s', async (line, words) => {
  const script = `source completions/drover.fish; complete -C '${line}'`;
  expect(sorted(await run('fish', ['--no-config', '-c', script]))).toEqual(words);
});

/** What is typed, what the terminal shows in the end (a zsh pattern), and what it must not show. */
const keys: readonly (readonly [typed: string, shown: string, never: RegExp])[] = [
  ['drover migr\t\t', 'migrate *-- move a running VM*migrations *-- list, show*\n', /expedite/],
  ['drover class set web \t\t', 'cattle *panda *pet*\n', / -- /],
  ['drover class set web p\t\t', 'panda *pet*\n', /cattle/],
  ['drover context use \t\t', 'plain *-- https://b.example:7420*site:a *-- https://a.ex*\n', /\\/],
  ['drover migrate web --config files/o\t\t', 'one.yaml *other.yaml*\n', /migrate {2}/],
  // Where it can only be one word, that is typed: the command shows that it has arrived.
  ['drover context use s\t\r', 'Commands ask site:a *\n', /No context/],
  ['drover migrate web --fr\t\r', '--from*argument missing*\n', /unknown option/],
];

test.each(keys)('zsh: %j', async (typed, shown, never) => {
  const screen = await run('zsh', ['-f', pressTab, join(dir, 'completions'), typed, shown]);
  expect(stripVTControlCharacters(screen)).not.toMatch(never);
});
