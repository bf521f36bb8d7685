import { Command, Option } from 'commander';
import { importances } from '../policy/vocabulary.ts';
import { connected, durationOrNone } from './fields.ts';
import type { ExpediteFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Whoever steers the migration obeys at the next decision: with "high" it ends in finite time,
whatever the guest does. Where nobody steers it, the command says so.
MIGRATION is an id, the beginning of one, or a VM's name or UUID (its latest migration).

Examples:
  drover expedite billing-db --importance high
  drover expedite 20260301T101500Z-3f2a91c0 --deadline 5m
  drover expedite billing-db --importance low --deadline none`;

export function expediteCommand(io: Io): Command {
  const command = new Command('expedite')
    .description('Changes how much it matters that a VM arrives, and by when, while it moves.')
    .argument('<migration>', 'which migration')
    .addOption(
      new Option('--importance <level>', 'how much it matters from now on').choices(importances),
    )
    .addOption(
      new Option(
        '--deadline <duration>',
        'when it should have arrived, from now: 90s, 30m, 2h; or none',
      ).argParser(durationOrNone),
    )
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (wanted: string, flags: ExpediteFlags) => {
      const { runExpedite } = await import('./run-expedite.ts');
      await runExpedite(io, wanted, flags);
    });
  return connected(command);
}
