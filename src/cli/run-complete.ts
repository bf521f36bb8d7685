import type { Command } from 'commander';
import type { Client } from '../client/client.ts';
import { type Candidate, completionOf, mostMigrations, type NameKind } from './complete.ts';
import type { ConnectFlags } from './flags.ts';
import type { Io } from './io.ts';
import type { KeptKind } from './known-names.ts';
import type { Where } from './target.ts';

/** Nobody who presses a key waits longer than this for a server, ms. */
const patienceMs = 500;

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
    completion.kind === 'candidates'
      ? completion.candidates
      : await namesOf(io, completion.of, connectFlagsIn(words));
  const typed = words.at(-1) ?? '';
  for (const { word, meaning } of candidates) {
    if (word.startsWith(typed)) io.out.write(`${word}\t${meaning}\n`);
  }
}

/** A name that is not found in time, or not at all, is typed by hand. */
async function namesOf(io: Io, kind: NameKind, flags: ConnectFlags): Promise<readonly Candidate[]> {
  try {
    return await (kind === 'context' ? contextNames(io) : namesBy(io, kind, flags));
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

/** Without a server all is in files of this machine: however loaded that is, they are read. */
async function namesBy(io: Io, kind: KeptKind, flags: ConnectFlags): Promise<readonly Candidate[]> {
  const { whereTo } = await import('./target.ts');
  const where = await whereTo(flags, io.env);
  if (where.kind !== 'embedded') return inTime(namesAsked(where, kind));
  const { knownNames } = await import('./known-names.ts');
  return knownNames(io, where.config, kind);
}

async function namesAsked(
  where: Exclude<Where, { readonly kind: 'embedded' }>,
  kind: KeptKind,
): Promise<readonly Candidate[]> {
  const { clientFor } = await import('../client/client.ts');
  const client = await clientFor(where);
  try {
    return await askedNames[kind](client);
  } finally {
    await client.close();
  }
}

/** Who is to answer, as far as it is typed already. */
function connectFlagsIn(words: readonly string[]): ConnectFlags {
  const config = valueOf('--config', words);
  const server = valueOf('--server', words);
  const context = valueOf('--context', words);
  return {
    ...(config === undefined ? {} : { config }),
    ...(server === undefined ? {} : { server }),
    ...(context === undefined ? {} : { context }),
  };
}

function valueOf(flag: string, words: readonly string[]): string | undefined {
  const at = words.lastIndexOf(flag);
  const joined = words.findLast((word) => word.startsWith(`${flag}=`));
  return at >= 0 && at < words.length - 2 ? words[at + 1] : joined?.slice(flag.length + 1);
}

const askedNames: Readonly<Record<KeptKind, (client: Client) => Promise<readonly Candidate[]>>> = {
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
