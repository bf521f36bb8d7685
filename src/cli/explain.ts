import { Command } from 'commander';
import { connected } from './fields.ts';
import type { AskFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
MIGRATION is an id, the beginning of one, a VM's name or UUID (its latest migration), or the file
of a recording. "drover migrations" lists them.

Examples:
  drover explain billing-db
  drover explain 20260301T101500Z-3f2a -o json     all that is kept of it, telemetry included`;

export function explainCommand(io: Io): Command {
  const command = new Command('explain')
    .description('Tells what was done to a VM that was moved, and why.')
    .argument('<migration>', 'which migration')
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (wanted: string, flags: AskFlags) => {
      const { runExplain } = await import('./run-explain.ts');
      await runExplain(io, wanted, flags);
    });
  return connected(command);
}
