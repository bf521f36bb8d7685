import type { Argument, Command, Option } from 'commander';

/** One thing that may stand at the end of a command line. */
export interface Candidate {
  readonly word: string;
  readonly meaning: string;
}

/** What the commands do not know by themselves: a name of something that there is. */
export type NameKind = 'host' | 'vm' | 'migration' | 'context' | 'token';

/** What may stand at the end of a command line. */
export type Completion =
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'names'; readonly of: NameKind }
  | { readonly kind: 'files' };

/** Nobody looks through more names of migrations than this. */
export const mostMigrations = 50;

const nothing: Completion = { kind: 'candidates', candidates: [] };

/** What the placeholder of an argument or an option stands for: `--from <host>`. */
const kindOfPlaceholder: Readonly<Record<string, NameKind | 'files'>> = {
  host: 'host',
  vm: 'vm',
  id: 'migration',
  migration: 'migration',
  context: 'context',
  token: 'token',
  file: 'files',
  dir: 'files',
  path: 'files',
};

/** Reads the words before the last one along the commands, and says what the last one may be. */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? '';
  const { command, values, pending } = walk(program, words.slice(0, -1));
  if (pending !== undefined) return valuesOf(pending, placeholderOf(pending));
  if (typed.startsWith('-')) return candidates(optionCandidates(command));
  if (command.commands.length > 0 && values === 0) return candidates(commandCandidates(command));
  const args = command.registeredArguments;
  const argument = args[values] ?? args.findLast(({ variadic }) => variadic);
  return argument === undefined ? nothing : valuesOf(argument, argument.name());
}

interface Walked {
  readonly command: Command;
  /** Words that stand for arguments, up to here. */
  readonly values: number;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Walked {
  let walked: Walked = { command: program, values: 0, pending: undefined };
  for (const word of words) walked = step(walked, word);
  return walked;
}

function step({ command, values, pending }: Walked, word: string): Walked {
  if (pending !== undefined) return { command, values, pending: undefined };
  if (word.startsWith('-') && word !== '-') {
    const option = word.includes('=')
      ? undefined
      : command.options.find(({ long, short }) => [long, short].includes(word));
    const takes = option !== undefined && (option.required || option.optional);
    return { command, values, pending: takes ? option : undefined };
  }
  const child = values === 0 ? command.commands.find((one) => one.name() === word) : undefined;
  if (child !== undefined) return { command: child, values: 0, pending: undefined };
  return { command, values: values + 1, pending: undefined };
}

function valuesOf(taker: Option | Argument, placeholder: string): Completion {
  if (taker.argChoices !== undefined)
    return candidates(taker.argChoices.map((word) => ({ word, meaning: '' })));
  const kind = kindOfPlaceholder[placeholder];
  if (kind === undefined) return nothing;
  return kind === 'files' ? { kind: 'files' } : { kind: 'names', of: kind };
}

function placeholderOf({ flags }: Option): string {
  return /[<[](\w+)/.exec(flags)?.[1] ?? '';
}

function optionCandidates(command: Command): readonly Candidate[] {
  const own = command.createHelp().visibleOptions(command);
  return own.map(({ long, short, description }) => ({
    word: long ?? short ?? '',
    meaning: description,
  }));
}

function commandCandidates(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ word: child.name(), meaning: child.summary() || child.description() }));
}

function candidates(all: readonly Candidate[]): Completion {
  return { kind: 'candidates', candidates: all };
}
