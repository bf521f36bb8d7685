import { Command, Option } from 'commander';
import { importances, slaClasses } from '../policy/vocabulary.ts';
import { connected, fields, whole } from './fields.ts';
import type { AskFlags, MigrationListFlags, WaitFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
A server keeps them in its database. Without one they are kept on this machine: in
DROVER_STATE_DIR, or else in /var/lib/drover for root and ~/.local/state/drover for others.
Where an ID is asked for, the beginning of one does as well, and a VM's name or UUID stands for
its latest migration.

Examples:
  drover migrations
  drover migrations watch
  drover migrations abort billing-db`;

export function migrationsCommand(io: Io): Command {
  return new Command('migrations')
    .description('The migrations that are remembered: those under way, and those that have ended.')
    .addHelpText('after', notes)
    .addCommand(listCommand(io), { isDefault: true })
    .addCommand(showCommand(io))
    .addCommand(watchCommand(io))
    .addCommand(abortCommand(io));
}

function listCommand(io: Io): Command {
  const examples = `
Examples:
  drover migrations
  drover migrations list --running -o wide
  drover migrations list --vm billing-db --limit 5
  drover migrations -o name | head -1 | xargs drover explain`;
  const command = new Command('list')
    .description('Lists migrations, newest first.')
    .option('--running', 'only those that have not ended')
    .option('--vm <vm>', 'only those of this VM')
    .option('--host <host>', 'only those from or to this host')
    .addOption(new Option('--class <class>', 'only those of such VMs').choices(slaClasses))
    .addOption(new Option('--importance <level>', 'only those').choices(importances))
    .addOption(new Option('--limit <n>', 'at most so many').argParser(whole).default(100))
    .addOption(fields.watch())
    .addOption(outputOption('table', 'wide', 'json', 'yaml', 'name'))
    .addHelpText('after', examples)
    .action(async (flags: MigrationListFlags) => {
      const { runMigrationList } = await import('./run-migrations.ts');
      await runMigrationList(io, flags);
    });
  return connected(command);
}

function showCommand(io: Io): Command {
  const examples = `
Examples:
  drover migrations show billing-db
  drover migrations show 20260301T101500Z-3f2a91c0 -o json`;
  const command = new Command('show')
    .description('Shows how one migration stands, or how it ended.')
    .argument('<id>', 'which migration')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', examples)
    .action(async (wanted: string, flags: AskFlags) => {
      const { runMigrationShow } = await import('./run-migrations.ts');
      await runMigrationShow(io, wanted, flags);
    });
  return connected(command);
}

function watchCommand(io: Io): Command {
  const examples = `
With an ID it ends as "drover migrate" does, with the same summary and exit codes. Without a
server, a migration that nobody steers is taken up by this command, and steered on.
Without an ID all that run are shown until Ctrl-C: on a terminal a line for each, repainted;
elsewhere a line for each thing that happens.

Examples:
  drover migrations watch
  drover migrations watch billing-db`;
  const command = new Command('watch')
    .description('Watches one migration to its end, or all that run.')
    .argument('[id]', 'which migration; all that run, where none is named')
    .addOption(fields.timeout())
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', examples)
    .action(async (wanted: string | undefined, flags: WaitFlags) => {
      const run = await import('./run-watch.ts');
      if (wanted === undefined) await run.runWatchAll(io, flags);
      else await run.runWatch(io, wanted, flags);
    });
  return connected(command);
}

function abortCommand(io: Io): Command {
  const examples = `
The VM goes on where it runs. Past the point of no return it is refused (exit code 5).

Examples:
  drover migrations abort billing-db
  drover migrations abort 20260301T101500Z-3f2a91c0`;
  const command = new Command('abort')
    .description('Cancels a migration; the VM stays where it is.')
    .argument('<id>', 'which migration')
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', examples)
    .action(async (wanted: string, flags: AskFlags) => {
      const { runAbort } = await import('./run-abort.ts');
      await runAbort(io, wanted, flags);
    });
  return connected(command);
}
