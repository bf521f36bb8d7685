import { Command } from 'commander';
import { connected } from './fields.ts';
import type { AbortFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
The VM goes on where it runs. Once it runs at its destination with memory still at the source
(post-copy) there is no way back: the command says so and touches nothing (exit code 5).
A migration of Drover's own is also cancelled by its id: "drover migrations abort ID".

Examples:
  drover abort billing-db --from h1`;

export function abortCommand(io: Io): Command {
  const command = new Command('abort')
    .description('Cancels a running migration, whoever started it.')
    .argument('<vm>', "the VM's libvirt name or UUID")
    .requiredOption('--from <host>', 'the host it is leaving: a libvirt URI or a configured name')
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (vm: string, flags: AbortFlags) => {
      const { runAbortVm } = await import('./run-abort.ts');
      await runAbortVm(io, vm, flags);
    });
  return connected(command);
}
