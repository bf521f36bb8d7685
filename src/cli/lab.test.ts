import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { labCommand } from './lab.ts';
import { run } from './main.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function drover(...args: string[]): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(['lab', ...args], {
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
    env: {},
  });
  return { code, out: out.join(''), err: err.join('') };
}

describe('drover lab refuses', () => {
  it.each([
    [['up', '--hosts', '0'], 'not a number of hosts'],
    [['up', '--hosts', '-1'], 'not a number of hosts'],
    [['up', '--link', 'fast'], 'not a rate'],
    [['up', '--suite', 'h4=sid'], 'no host of this lab'],
    [['up', '--accelerator', 'magic'], 'tcg, kvm'],
    [['shape', 'h1'], '--rate'],
    [['shape', 'h1', '--rate', '10'], 'not a rate'],
    [['kill', 'h1', 'everything'], 'libvirtd, qemu, host'],
    [['exec', 'h1'], 'program'],
    [['guest', 'add', 'g1'], '--host'],
    [['guest', 'add', 'g1', '--host', 'h1', '--memory', 'much'], 'not an amount of memory'],
    [['guest', 'add', 'g1', '--host', 'h1', '--workload', 'hard'], 'not a workload'],
    [['guest', 'add', 'g1', '--host', 'h1', '--never', 'freeze'], 'post-copy, throttle'],
    [['guest', 'add', 'g1', '--host', 'h1', '--label', 'a b'], 'no label'],
    [['guest', 'set-workload', 'g1', 'hard'], 'not a workload'],
    [['juggle'], 'juggle'],
  ])('%j', async (args, message) => {
    const { code, out, err } = await drover('--lab-dir', '/nonexistent/lab', ...args);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(code).toBe(2);
  });
});

/** The commands that do something, with the words that name them. */
function leaves(
  command: Command,
  words: readonly string[],
): readonly (readonly [string, Command])[] {
  const path = [...words, command.name()];
  if (command.commands.length === 0) return [[path.join(' '), command]];
  return command.commands.flatMap((child) => leaves(child, path));
}

const io = { out: process.stdout, err: process.stderr, env: {}, endWith: () => undefined };
const commands = leaves(labCommand(io), []);

it.each(commands)('the help of %s has an example of it', async (path) => {
  const { code, out } = await drover(...path.split(' ').slice(1), '--help');
  expect(code).toBe(0);
  expect(out.split('Examples:\n')[1]).toContain(`drover ${path}`);
});

describe('the manual', () => {
  const manual = readFileSync(new URL('../../docs/lab.md', import.meta.url), 'utf8');

  it.each(commands)('tells of %s and its options', (path, command) => {
    expect(manual).toContain(`\`${path}`);
    for (const { long } of command.options)
      expect(manual).toContain(long === '--output' ? '-o' : long);
  });
});
