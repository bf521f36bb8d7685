import { Command } from 'commander';
import type { ExplainFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
They are kept on the machine that ran "drover migrate": in DROVER_STATE_DIR, or else in
/var/lib/drover for root and ~/.local/state/drover for others. The newest thousand stay.

Examples:
  drover migrations
  drover migrations -o name | head -1 | xargs drover explain`;

export function migrationsCommand(io: Io): Command {
  return new Command('migrations')
    .description('Lists the migrations that are remembered here, newest first.')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', notes)
    .action(async (flags: ExplainFlags) => {
      const { runMigrations } = await import('./run-migrations.ts');
      await runMigrations(io, flags);
    });
}
