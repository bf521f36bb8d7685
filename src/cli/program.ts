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
    name: 'serve',
    summary: 'run the fleet: the API, and the steering of every migration',
    load: async (io) => (await import('./serve.ts')).serveCommand(io),
  },
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
    name: 'plan',
    summary: 'say who would go where if hosts were emptied, of a file',
    load: async (io) => (await import('./plan.ts')).planCommand(io),
  },
  {
    name: 'drain',
    summary: 'empty a host: move all its VMs to others',
    load: async (io) => (await import('./drain.ts')).drainCommand(io),
  },
  {
    name: 'undrain',
    summary: 'open a host again, and bring back who lived there',
    load: async (io) => (await import('./drain.ts')).undrainCommand(io),
  },
  {
    name: 'balance',
    summary: 'move VMs from full hosts to others, where that is worth it',
    load: async (io) => (await import('./drain.ts')).balanceCommand(io),
  },
  {
    name: 'defrag',
    summary: 'empty whole hosts onto others, where that is gentle',
    load: async (io) => (await import('./drain.ts')).defragCommand(io),
  },
  {
    name: 'operations',
    summary: 'list, show, watch, pause, hurry and cancel drains and the like',
    load: async (io) => (await import('./operations.ts')).operationsCommand(io),
  },
  {
    name: 'migrations',
    summary: 'list, show, watch and cancel migrations',
    load: async (io) => (await import('./migrations.ts')).migrationsCommand(io),
  },
  {
    name: 'expedite',
    summary: 'change how much it matters that a VM arrives, while it moves',
    load: async (io) => (await import('./expedite.ts')).expediteCommand(io),
  },
  {
    name: 'abort',
    summary: 'cancel a running migration, whoever began it',
    load: async (io) => (await import('./abort.ts')).abortCommand(io),
  },
  {
    name: 'adopt',
    summary: 'take up a migration that somebody else began, and steer it',
    load: async (io) => (await import('./adopt.ts')).adoptCommand(io),
  },
  {
    name: 'explain',
    summary: 'tell what was done to a VM that was moved, and why',
    load: async (io) => (await import('./explain.ts')).explainCommand(io),
  },
  {
    name: 'replay',
    summary: 'take the decisions of a migration again, on other terms',
    load: async (io) => (await import('./replay.ts')).replayCommand(io),
  },
  {
    name: 'vm',
    summary: 'list VMs: where they run and what they are worth',
    load: async (io) => (await import('./vm.ts')).vmCommand(io),
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
    name: 'host',
    summary: 'list and set the hosts that VMs move between',
    load: async (io) => (await import('./host.ts')).hostCommand(io),
  },
  {
    name: 'policy',
    summary: 'what each class and importance allows a migration to do',
    load: async (io) => (await import('./policy.ts')).policyCommand(io),
  },
  {
    name: 'doctor',
    summary: 'check hosts, certificates, versions and the ways between hosts',
    load: async (io) => (await import('./doctor.ts')).doctorCommand(io),
  },
  {
    name: 'audit',
    summary: 'list who did what, when and from where',
    load: async (io) => (await import('./audit.ts')).auditCommand(io),
  },
  {
    name: 'token',
    summary: 'say who may speak to the server',
    load: async (io) => (await import('./token.ts')).tokenCommand(io),
  },
  {
    name: 'context',
    summary: 'say which server commands speak to',
    load: async (io) => (await import('./context.ts')).contextCommand(io),
  },
  {
    name: 'completion',
    summary: 'make a shell complete commands, options and names',
    load: async (io) => (await import('./completion.ts')).completionCommand(io),
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
  drover drain h1 --reason evacuation --watch
  drover class set billing-db panda --host h1
  drover tag set billing-db --never post-copy --host h1
  drover explain billing-db
  drover migrations watch
  drover policy show

A host is a libvirt URI, or a name that "drover host list" knows. Commands ask the current server
("drover context"), else the "drover serve" of this machine; where there is none they act by
themselves, with the hosts of the config file (DROVER_CONFIG, ~/.config/drover/config.yaml or
/etc/drover/config.yaml).`;

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
  program.addCommand(hiddenCompletion(args, io, version), { hidden: true });
  harden(program, io);
  return program;
}

async function commandFor(entry: CommandEntry, args: readonly string[], io: Io): Promise<Command> {
  const command = args.includes(entry.name) ? await entry.load(io) : new Command(entry.name);
  return command.summary(entry.summary);
}

/** What the scripts of `drover completion` ask for. */
function hiddenCompletion(args: readonly string[], io: Io, version: string): Command {
  return new Command('__complete')
    .argument('[words...]', 'what is typed after drover, up to the cursor')
    .action(async (words: string[]) => {
      const { runComplete } = await import('./run-complete.ts');
      await runComplete(io, await buildProgram(args.slice(1), io, version), words);
    });
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
