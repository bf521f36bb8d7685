import { Command } from 'commander';
import { fields } from './fields.ts';
import type { ContextAddFlags, PlainListFlags, YesFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
A context is a server under a name, with what is needed to be let in; the current one is asked by
every command that does not name another. They are kept in ~/.config/drover/contexts.yaml, which
only you can read. Without a current one the "drover serve" of this machine is asked, and where
there is none the command acts by itself.

Examples:
  drover context add prod --server https://drover.example.org:7420 --token-file prod.token
  drover context use prod`;

export function contextCommand(io: Io): Command {
  return new Command('context')
    .description('The servers that commands speak to.')
    .addHelpText('after', notes)
    .addCommand(addCommand(io))
    .addCommand(useCommand(io))
    .addCommand(listCommand(io))
    .addCommand(removeCommand(io));
}

function addCommand(io: Io): Command {
  const examples = `
The first one becomes the current one.

Examples:
  drover context add prod --server https://drover.example.org:7420 --token-file prod.token
  drover context add lab --server /run/drover/drover.sock
  drover context add prod --server https://drover:7420 --ca ca.pem --cert me.pem --key me.key`;
  return new Command('add')
    .description('Adds a server, or sets anew how it is spoken to.')
    .argument('<name>', 'its name from now on')
    .requiredOption('--server <address>', 'https://host:7420, or the path of a unix socket')
    .option('--token-file <file>', 'a file with the token in it; - reads it from stdin')
    .option('--ca <file>', 'whose certificates to believe')
    .option('--cert <file>', 'the certificate of this side')
    .option('--key <file>', 'its key')
    .addHelpText('after', examples)
    .action(async (name: string, flags: ContextAddFlags) => {
      const { runContextAdd } = await import('./run-context.ts');
      await runContextAdd(io, name, flags);
    });
}

function useCommand(io: Io): Command {
  const examples = `
Examples:
  drover context use prod
  drover context use none           no server: that of this machine, or none`;
  return new Command('use')
    .description('Makes a context the current one.')
    .argument('<context>', 'its name, or none')
    .addHelpText('after', examples)
    .action(async (name: string) => {
      const { runContextUse } = await import('./run-context.ts');
      await runContextUse(io, name);
    });
}

function listCommand(io: Io): Command {
  const examples = `
Examples:
  drover context list`;
  return new Command('list')
    .description('Lists the contexts, without their tokens.')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', examples)
    .action(async (flags: PlainListFlags) => {
      const { runContextList } = await import('./run-context.ts');
      await runContextList(io, flags);
    });
}

function removeCommand(io: Io): Command {
  const examples = `
Examples:
  drover context remove prod --yes`;
  return new Command('remove')
    .description('Forgets a server, and the token for it.')
    .argument('<context>', 'its name')
    .addOption(fields.yes())
    .addHelpText('after', examples)
    .action(async (name: string, flags: YesFlags) => {
      const { runContextRemove } = await import('./run-context.ts');
      await runContextRemove(io, name, flags);
    });
}
