import { Argument, Command } from 'commander';
import { type SlaClass, slaClasses } from '../policy/vocabulary.ts';
import { connected } from './fields.ts';
import type { VmFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
  cattle   expendable: others like it carry on
  pet      an ordinary VM; what a VM is that says nothing
  panda    of high value: it is the last to be hurt

The class is kept in the domain's own libvirt metadata, and travels with it. Where that names none,
the first rule of the config file decides that fits the VM and names one.

Examples:
  drover class get billing-db --host h1
  drover class set billing-db panda --host h1`;

const getExamples = `
Examples:
  drover class get billing-db --host h1
  drover class get billing-db --host h1 -o name     only the class`;

const setExamples = `
Examples:
  drover class set billing-db panda --host h1`;

export function classCommand(io: Io): Command {
  return new Command('class')
    .description('Reads or sets what a VM is worth.')
    .addHelpText('after', notes)
    .addCommand(getCommand(io))
    .addCommand(setCommand(io));
}

function getCommand(io: Io): Command {
  return withHost(
    new Command('get').description(
      'Says what a VM is worth and what must never be done to it, and where that is set.',
    ),
  )
    .addHelpText('after', getExamples)
    .action(async (vm: string, flags: VmFlags) => {
      const { runClassGet } = await import('./run-class.ts');
      await runClassGet(io, vm, flags);
    });
}

function setCommand(io: Io): Command {
  return withHost(new Command('set').description('Sets what a VM is worth.'))
    .addArgument(new Argument('<class>', 'its class from now on').choices(slaClasses))
    .addHelpText('after', setExamples)
    .action(async (vm: string, slaClass: SlaClass, flags: VmFlags) => {
      const { runClassSet } = await import('./run-class.ts');
      await runClassSet(io, vm, slaClass, flags);
    });
}

function withHost(command: Command): Command {
  const addressed = command
    .argument('<vm>', "the VM's libvirt name or UUID")
    .option(
      '--host <host>',
      'the host it runs on: a libvirt URI or a configured name; by default it is looked for',
    )
    .addOption(outputOption('table', 'json', 'yaml', 'name'));
  return connected(addressed);
}
