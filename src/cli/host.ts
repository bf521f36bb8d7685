import { Command, Option } from 'commander';
import { connected, fields, rateOrNone, wholeOrNone } from './fields.ts';
import type { AskFlags, HostSetFlags, ListFlags, RemoveFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Hosts come from the config file, where an admin has written them, and from this command. What the
config file says cannot be changed here (host.provisioned, exit code 4).

Examples:
  drover host list
  drover host add h3 --uri qemu+ssh://root@h3/system`;

const settings = `
What is not named stays as it is; "none" takes a setting away. It holds at once, for migrations
under way, too.`;

export function hostCommand(io: Io): Command {
  return new Command('host')
    .description('The hosts that VMs move between.')
    .addHelpText('after', notes)
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(addCommand(io))
    .addCommand(setCommand(io))
    .addCommand(removeCommand(io));
}

function listCommand(io: Io): Command {
  const examples = `
Examples:
  drover host list
  drover host list -o wide          with addresses, bandwidth and links`;
  const command = new Command('list')
    .description('Lists all hosts.')
    .addOption(fields.watch())
    .addOption(outputOption('table', 'wide', 'json', 'yaml', 'name'))
    .addHelpText('after', examples)
    .action(async (flags: ListFlags) => {
      const { runHostList } = await import('./run-host.ts');
      await runHostList(io, flags);
    });
  return connected(command);
}

function showCommand(io: Io): Command {
  const examples = `
Examples:
  drover host show h1
  drover host show h1 -o json`;
  const command = new Command('show')
    .description('Shows all that is set for a host.')
    .argument('<host>', 'its name')
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', examples)
    .action(async (name: string, flags: AskFlags) => {
      const { runHostShow } = await import('./run-host.ts');
      await runHostShow(io, name, flags);
    });
  return connected(command);
}

function addCommand(io: Io): Command {
  const examples = `
Examples:
  drover host add h3 --uri qemu+ssh://root@h3/system
  drover host add h3 --uri qemu+tls://h3/system --post-copy forbidden --bandwidth '500 MiB/s'`;
  const command = new Command('add')
    .description('Makes a host known under a name.')
    .argument('<name>', 'its name from now on')
    .requiredOption('--uri <uri>', 'where libvirt answers on it')
    .addHelpText('after', examples)
    .action(async (name: string, flags: HostSetFlags) => {
      const { runHostAdd } = await import('./run-host.ts');
      await runHostAdd(io, name, flags);
    });
  return connected(withSettings(command));
}

function setCommand(io: Io): Command {
  const examples = `${settings}

Examples:
  drover host set h3 --post-copy forbidden
  drover host set h3 --max-outgoing 1 --bandwidth none`;
  const command = new Command('set')
    .description('Changes what is set for a host.')
    .argument('<host>', 'its name')
    .option('--uri <uri>', 'where libvirt answers on it')
    .addHelpText('after', examples)
    .action(async (name: string, flags: HostSetFlags) => {
      const { runHostSet } = await import('./run-host.ts');
      await runHostSet(io, name, flags);
    });
  return connected(withSettings(command));
}

function withSettings(command: Command): Command {
  return command
    .option('--peer-uri <uri>', 'where other hosts reach it, where that is not its URI')
    .addOption(
      new Option(
        '--post-copy <permission>',
        'whether guests may run split over it and another',
      ).choices(['allowed', 'forbidden']),
    )
    .addOption(
      new Option(
        '--bandwidth <rate>',
        'the most that migrations may take of its link: 500 MiB/s',
      ).argParser(rateOrNone),
    )
    .addOption(
      new Option('--max-outgoing <n>', 'migrations from it at once').argParser(wholeOrNone),
    )
    .addOption(new Option('--max-incoming <n>', 'migrations to it at once').argParser(wholeOrNone))
    .option('--link <name>', 'what it shares with others on the way: a link of the config file')
    .addOption(outputOption('table', 'json', 'yaml', 'name'));
}

function removeCommand(io: Io): Command {
  const examples = `
Its VMs and its libvirt are not touched. A host that migrations run on is not removed (host.busy).

Examples:
  drover host remove h3
  drover host remove h3 --yes`;
  const command = new Command('remove')
    .description('Forgets a host.')
    .argument('<host>', 'its name')
    .addOption(fields.yes())
    .addHelpText('after', examples)
    .action(async (name: string, flags: RemoveFlags) => {
      const { runHostRemove } = await import('./run-host.ts');
      await runHostRemove(io, name, flags);
    });
  return connected(command);
}
