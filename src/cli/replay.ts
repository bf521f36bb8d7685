import { Command } from 'commander';
import { connected, fields } from './fields.ts';
import type { ReplayFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
The steering sees the same readings again, and decides by the policy, class and importance that
you name, or else by those of then. Nothing is moved. From the first different act on, the guest
would have gone another way than the readings show: what follows is a guess.

Examples:
  drover replay billing-db --policy stricter.yaml
  drover replay 20260301T101500Z-3f2a --class panda
  drover replay recording.json --importance high -o json`;

export function replayCommand(io: Io): Command {
  const command = new Command('replay')
    .description('Takes the decisions of a recorded migration again, on other terms.')
    .argument('<migration>', 'which migration: as for "drover explain"')
    .option('--policy <file>', 'a config file whose policy is to hold')
    .addOption(fields.slaClass())
    .addOption(fields.importance())
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (wanted: string, flags: ReplayFlags) => {
      const { runReplay } = await import('./run-replay.ts');
      await runReplay(io, wanted, flags);
    });
  return connected(command);
}
