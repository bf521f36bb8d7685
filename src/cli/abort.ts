import { Command } from 'commander';
import { fields } from './fields.ts';
import type { AbortFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
The VM goes on where it runs. Once it runs at its destination with memory still at the source
(post-copy) there is no way back: the command says so and touches nothing (exit code 5).

Examples:
  drover abort billing-db --from h1`;

export function abortCommand(io: Io): Command {
  return new Command('abort')
    .description('Cancels a running migration, whoever started it.')
    .argument('<vm>', "the VM's libvirt name or UUID")
    .requiredOption('--from <host>', 'the host it is leaving: a libvirt URI or a configured name')
    .addOption(fields.config())
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (vm: string, flags: AbortFlags) => {
      const { runAbort } = await import('./run-abort.ts');
      await runAbort(io, vm, flags);
    });
}
