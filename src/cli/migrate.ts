import { Command, Option } from 'commander';
import { connected, fields } from './fields.ts';
import type { MigrateFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Drover watches how fast the guest writes, and takes the gentlest way that still arrives within
what the VM's class and the importance allow: "drover policy show" prints that table.
The importance follows from the reason (evacuation: high, maintenance: medium, rebalance and
defragmentation: low); --importance overrules it. Without either it is medium.

Where the hosts are configured, the VM is found, and its destination chosen as a drain would.

The command waits for the end. Ctrl-C detaches and never cancels: a server goes on steering;
without one libvirt goes on, and nobody steers until "drover migrations watch ID" takes it up.
--no-wait does the same as soon as it is under way, --timeout after a while.

Examples:
  drover migrate billing-db --from h1 --to h2 --reason evacuation
  drover migrate web-7 --from qemu+ssh://root@h1/system --to qemu+ssh://root@h2/system
  drover migrate batch-3 --from h1 --to h2 --importance low --deadline 10m -o json
  drover migrate billing-db --from h1 --to h2 --dry-run
  drover migrate billing-db

Exit codes: 0 arrived, 5 stayed (its budget would not have been kept), 6 failed and safe at its
source, 7 outcome unknown, 124 --timeout has passed, 130 detached.`;

export function migrateCommand(io: Io): Command {
  const command = new Command('migrate')
    .description('Moves a running VM to another host.')
    .argument('<vm>', "the VM's libvirt name or UUID")
    .option('--from <host>', 'the host it runs on: a libvirt URI or a configured name')
    .option('--to <host>', 'the host it is to run on; by default, where it fits best')
    .addOption(fields.reason())
    .addOption(fields.importance())
    .addOption(fields.deadline())
    .option('--dry-run', 'touch nothing and say what it would be like: "drover forecast"')
    .addOption(new Option('--wait', 'wait for its end').default(true))
    .addOption(new Option('--no-wait', 'return as soon as it is under way'))
    .addOption(fields.timeout())
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', notes)
    .action(async (vm: string, flags: MigrateFlags) => {
      if (flags.dryRun) {
        const { runForecast } = await import('./run-forecast.ts');
        await runForecast(io, vm, flags);
        return;
      }
      const { runMigrate } = await import('./run-migrate.ts');
      await runMigrate(io, vm, flags);
    });
  return connected(command);
}
