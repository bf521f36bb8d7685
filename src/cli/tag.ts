import { Command, Option } from 'commander';
import { slaClasses } from '../policy/vocabulary.ts';
import { connected, fields } from './fields.ts';
import type { TagSetFlags, VmFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
  class    what it is worth: cattle, pet, panda (also: drover class)
  never    what must never be done to it, whatever its class and the importance allow:
           post-copy   run split over two hosts
           throttle    be slowed down by QEMU
  labels   words by which rules of the config file select it

All of it is kept in the domain's own libvirt metadata, and travels with it. What rules of the
config file forbid is forbidden too: no VM takes that away from itself.

Examples:
  drover tag get billing-db --host h1
  drover tag set billing-db --never post-copy --host h1`;

const getExamples = `
Examples:
  drover tag get billing-db --host h1
  drover tag get billing-db --host h1 -o json`;

const setExamples = `
What is not named stays as it is. A list replaces the one before; none empties it, and --class none
leaves the class to the rules of the config file.

Examples:
  drover tag set billing-db --never post-copy --host h1
  drover tag set billing-db --class panda --never post-copy,throttle --label db,eu --host h1
  drover tag set billing-db --never none --host h1`;

export function tagCommand(io: Io): Command {
  return new Command('tag')
    .description('Reads or sets what is said of a VM in its own metadata.')
    .addHelpText('after', notes)
    .addCommand(getCommand(io))
    .addCommand(setCommand(io));
}

function getCommand(io: Io): Command {
  return withHost(new Command('get').description('Says what holds for a VM, and who says so.'))
    .addHelpText('after', getExamples)
    .action(async (vm: string, flags: VmFlags) => {
      const { runTagGet } = await import('./run-tag.ts');
      await runTagGet(io, vm, flags);
    });
}

function setCommand(io: Io): Command {
  return withHost(new Command('set').description('Sets class, exclusions or labels of a VM.'))
    .addOption(new Option('--class <class>', 'what it is worth').choices([...slaClasses, 'none']))
    .addOption(fields.never())
    .addOption(fields.label())
    .addHelpText('after', setExamples)
    .action(async (vm: string, flags: TagSetFlags) => {
      const { runTagSet } = await import('./run-tag.ts');
      await runTagSet(io, vm, flags);
    });
}

function withHost(command: Command): Command {
  const addressed = command
    .argument('<vm>', "the VM's libvirt name or UUID")
    .option(
      '--host <host>',
      'the host it runs on: a libvirt URI or a configured name; by default it is looked for',
    )
    .addOption(outputOption('table', 'json', 'yaml'));
  return connected(addressed);
}
