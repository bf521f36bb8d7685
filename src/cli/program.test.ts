import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';

let printed = '';
const out = { write: (text: string) => (printed += text) };
const io: Io = { out, err: out, env: {}, endWith: () => undefined };

const bare = await buildProgram([], io, '0.0.0');
const names = bare.commands.map((command) => command.name());
const program = await buildProgram(names, io, '0.0.0');

/** Every command, with the words that name it; the lab has a manual and a test of its own. */
function all(command: Command, words: string): readonly (readonly [string, Command])[] {
  return command.commands
    .filter((child) => !['__complete', 'lab', 'help'].includes(child.name()))
    .flatMap((child) => {
      const path = `${words} ${child.name()}`;
      return [[path, child] as const, ...all(child, path)];
    });
}

const commands = all(program, 'drover');
const leaves = commands.filter(([, command]) => command.commands.length === 0);

describe('the help', () => {
  it.each(commands)('of %s says what it does, and shows an example', (path, command) => {
    printed = '';
    command.outputHelp();
    expect(command.description()).toMatch(/\.$/);
    const [, examples = ''] = printed.split('Examples:\n');
    expect(examples).toContain(path.split(' ').slice(0, 2).join(' '));
  });
});

describe('the manual', () => {
  const manual = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
  const blocks = [...manual.matchAll(/^```\n(.*?)^```/gms)].map(([, block = '']) => block).join('');

  it.each(leaves)('has an example of %s', (path) => {
    const elsewhere = ['drover policy show', 'drover policy check'];
    const where = elsewhere.includes(path) ? manual : blocks;
    expect(where).toContain(path);
  });
});

it('knows the options of which server answers in each command that asks one', () => {
  const local = /^drover (serve|plan|completion|policy check|context \w+)$/;
  const asking = leaves.filter(([path]) => !local.test(path));
  const without = asking.filter(([, { options }]) =>
    ['--server', '--context', '--config'].some((one) => !options.some(({ long }) => long === one)),
  );
  expect(without.map(([path]) => path)).toEqual([]);
});
