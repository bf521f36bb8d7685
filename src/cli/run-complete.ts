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
  const { promise: late, resolve } = Promise.withResolvers<readonly Candidate[]>();
  const timer = setTimeout(() => resolve([]), patienceMs);
  try {
    return await Promise.race([found(io, kind), late]);
  } catch {
    // Whoever completes a word is not told of errors: the command itself will tell.
    return [];
  } finally {
    clearTimeout(timer);
  }
}

async function found(io: Io, kind: NameKind): Promise<readonly Candidate[]> {
  if (kind === 'context') {
    const { readContexts } = await import('./contexts.ts');
    const { contexts } = await readContexts(io.env);
    return Object.entries(contexts).map(([word, { server }]) => ({ word, meaning: server }));
  }
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
