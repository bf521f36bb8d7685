import { Command, Option } from 'commander';
import { connected, fields } from './fields.ts';
import type { AdoptFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
The job goes on as it was begun, and is steered from here on: within what the flags of its start
allow, which the story names. "drover vm list --look" marks VMs with such a job.
What --wait, --no-wait and Ctrl-C do is said under "drover migrate --help".

Examples:
  drover adopt billing-db --from h1
  drover adopt billing-db --from h1 --to h2 --importance high`;

export function adoptCommand(io: Io): Command {
  const command = new Command('adopt')
    .description('Takes up a migration that somebody else began (virsh, Nova), and steers it.')
    .argument('<vm>', "the VM's libvirt name or UUID")
    .requiredOption('--from <host>', 'the host it is leaving: a libvirt URI or a configured name')
    .option('--to <host>', 'where it goes; found by itself where that is a host that is known')
    .addOption(fields.reason())
    .addOption(fields.importance())
    .addOption(fields.deadline())
    .addOption(new Option('--wait', 'wait for its end').default(true))
    .addOption(new Option('--no-wait', 'return as soon as it is taken up'))
    .addOption(fields.timeout())
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (vm: string, flags: AdoptFlags) => {
      const { runAdopt } = await import('./run-migrate.ts');
      await runAdopt(io, vm, flags);
    });
  return connected(command);
}
