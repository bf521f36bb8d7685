import { Command } from 'commander';
import type { Io } from './io.ts';
import { wantsColour } from './io.ts';

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: (io: Io) => Promise<Command>;
}

/** Every command of `drover`. A command's module is read only when its name is among the arguments. */
const entries: readonly CommandEntry[] = [
  {
    name: 'migrate',
    summary: 'move a running VM to another host',
    load: async (io) => (await import('./migrate.ts')).migrateCommand(io),
  },
  {
    name: 'forecast',
    summary: 'say what moving a VM would be like, without moving it',
    load: async (io) => (await import('./forecast.ts')).forecastCommand(io),
  },
  {
    name: 'migrations',
    summary: 'list the migrations that are remembered here',
    load: async (io) => (await import('./migrations.ts')).migrationsCommand(io),
  },
  {
    name: 'explain',
    summary: 'tell what was done to a VM that was moved, and why',
    load: async (io) => (await import('./explain.ts')).explainCommand(io),
  },
  {
    name: 'replay',
    summary: 'take the decisions of a recorded migration again, on other terms',
    load: async (io) => (await import('./replay.ts')).replayCommand(io),
  },
  {
    name: 'importance',
    summary: 'change how much it matters that a VM arrives, while it is being moved',
    load: async (io) => (await import('./importance.ts')).importanceCommand(io),
  },
  {
    name: 'abort',
    summary: 'cancel a running migration; the VM stays where it is',
    load: async (io) => (await import('./abort.ts')).abortCommand(io),
  },
  {
    name: 'class',
    summary: 'read or set what a VM is worth: cattle, pet or panda',
    load: async (io) => (await import('./class.ts')).classCommand(io),
  },
  {
    name: 'tag',
    summary: 'read or set all that is said of a VM: class, exclusions, labels',
    load: async (io) => (await import('./tag.ts')).tagCommand(io),
  },
  {
    name: 'policy',
    summary: 'what each class and importance allows a migration to do',
    load: async (io) => (await import('./policy.ts')).policyCommand(io),
  },
  {
    name: 'lab',
    summary: 'real libvirt hosts and guests on this one machine, to try and to test with',
    load: async (io) => (await import('./lab.ts')).labCommand(io),
  },
];

const examples = `
Examples:
  drover migrate billing-db --from h1 --to h2 --reason evacuation
  drover class set billing-db panda --host h1
  drover tag set billing-db --never post-copy --host h1
  drover explain billing-db
  drover abort billing-db --from h1
  drover policy show

A host is a libvirt URI, or a name from the config file (DROVER_CONFIG,
~/.config/drover/config.yaml or /etc/drover/config.yaml).`;

/** The whole command line, with the commands named in `args` loaded. */
export async function buildProgram(
  args: readonly string[],
  io: Io,
  version: string,
): Promise<Command> {
  const program = new Command('drover')
    .description('Moves running virtual machines by what they are worth and how much it matters.')
    .version(version, '-V, --version', 'print the version')
    .option('--no-color', 'no colours (also: NO_COLOR=1, or output that is no terminal)')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', examples);
  for (const entry of entries) program.addCommand(await commandFor(entry, args, io));
  harden(program, io);
  return program;
}

async function commandFor(entry: CommandEntry, args: readonly string[], io: Io): Promise<Command> {
  const command = args.includes(entry.name) ? await entry.load(io) : new Command(entry.name);
  return command.summary(entry.summary);
}

/** Makes every command throw instead of exiting, and print through `io`. */
function harden(command: Command, io: Io): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => io.out.write(text),
    writeErr: (text) => io.err.write(text),
    // Errors are shown in one place, in the format that was asked for.
    outputError: () => undefined,
    getOutHasColors: () => wantsColour(io.out, io.env),
    getErrHasColors: () => wantsColour(io.err, io.env),
  });
  for (const child of command.commands) harden(child, io);
}
