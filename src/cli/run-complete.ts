import type { Command } from 'commander';
import type { Client } from '../client/client.ts';
import { type Candidate, completionOf, type NameKind } from './complete.ts';
import type { Io } from './io.ts';

/** Nobody who presses a key waits longer than this, ms. */
const patienceMs = 500;
const mostMigrations = 50;

/** `drover __complete`: a line for each word that may stand at the end of what is typed. */
export async function runComplete(
  io: Io,
  program: Command,
  words: readonly string[],
): Promise<void> {
  const completion = completionOf(program, words);
  if (completion.kind === 'files') {
    io.out.write(':files\n');
    return;
  }
  const candidates =
    completion.kind === 'candidates' ? completion.candidates : await namesOf(io, completion.of);
  const typed = words.at(-1) ?? '';
  for (const { word, meaning } of candidates) {
    if (word.startsWith(typed)) io.out.write(`${word}\t${meaning}\n`);
  }
}

/** A name that is not found in time, or not at all, is typed by hand. */
async function namesOf(io: Io, kind: NameKind): Promise<readonly Candidate[]> {
  try {
    return await (kind === 'context' ? contextNames(io) : inTime(namesAsked(io, kind)));
  } catch {
    // Whoever completes a word is not told of errors: the command itself will tell.
    return [];
  }
}

async function inTime(names: Promise<readonly Candidate[]>): Promise<readonly Candidate[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly Candidate[]>();
  const timer = setTimeout(() => resolve([]), patienceMs);
  try {
    return await Promise.race([names, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** They are in a file of this machine: nobody is waited for. */
async function contextNames(io: Io): Promise<readonly Candidate[]> {
  const { readContexts } = await import('./contexts.ts');
  const { contexts } = await readContexts(io.env);
  return Object.entries(contexts).map(([word, { server }]) => ({ word, meaning: server }));
}

async function namesAsked(
  io: Io,
  kind: Exclude<NameKind, 'context'>,
): Promise<readonly Candidate[]> {
  const { withSession } = await import('./session.ts');
  const silent = { ...io, err: { write: () => undefined } };
  return withSession(silent, {}, ({ client }) => namesBy[kind](client));
}

const namesBy: Readonly<
  Record<Exclude<NameKind, 'context'>, (client: Client) => Promise<readonly Candidate[]>>
> = {
  host: async (client) =>
    (await client.hosts()).map(({ name, uri }) => ({ word: name, meaning: uri })),
  vm: async (client) => {
    const { items } = await client.vms({});
    return items.map((vm) => ({ word: vm.name, meaning: `${vm.class} on ${vm.host}` }));
  },
  migration: async (client) => {
    const latest = await client.migrations({}, mostMigrations);
    return latest.map(({ id, vm, vmName, phase }) => ({
      word: id,
      meaning: `${vmName ?? vm}, ${phase}`,
    }));
  },
  token: async (client) =>
    (await client.tokens()).map(({ id, name }) => ({ word: id, meaning: name })),
};
