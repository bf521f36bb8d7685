import { Command } from 'commander';
import { connected, fields } from './fields.ts';
import type { AskFlags, VmListFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

export function vmCommand(io: Io): Command {
  return new Command('vm')
    .description('The VMs of all hosts.')
    .addHelpText('after', '\nExamples:\n  drover vm list\n  drover vm show billing-db')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io));
}

function listCommand(io: Io): Command {
  const notes = `
A server looks at its hosts now and then: shown is what it saw last, and --look has it look now.
Without a server the hosts are always asked. Hosts that do not answer are named on stderr.

Examples:
  drover vm list
  drover vm list --host h1 --look
  drover vm list -o name`;
  const command = new Command('list')
    .description('Lists the VMs, where they run and what they are worth.')
    .option('--host <host>', 'only those of this host')
    .option('--look', 'ask the hosts now')
    .addOption(fields.watch())
    .addOption(outputOption('table', 'wide', 'json', 'yaml', 'name'))
    .addHelpText('after', notes)
    .action(async (flags: VmListFlags) => {
      const { runVmList } = await import('./run-vm.ts');
      await runVmList(io, flags);
    });
  return connected(command);
}

function showCommand(io: Io): Command {
  const notes = `
All hosts are asked now.

Examples:
  drover vm show billing-db
  drover vm show billing-db -o json`;
  const command = new Command('show')
    .description('Shows a VM, what is said of it, and its latest migration.')
    .argument('<vm>', "the VM's libvirt name or UUID")
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (vm: string, flags: AskFlags) => {
      const { runVmShow } = await import('./run-vm.ts');
      await runVmShow(io, vm, flags);
    });
  return connected(command);
}
