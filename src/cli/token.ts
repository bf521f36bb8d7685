import { Command, Option } from 'commander';
import { roles } from '../store/rows.ts';
import { connected, duration, fields } from './fields.ts';
import type { ListFlags, RemoveFlags, TokenCreateFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
A token lets a program or a person in over the network: a viewer reads, an operator moves VMs and
tags them, an admin does all else. The server keeps a hash; the token itself is shown once.

Examples:
  drover token create ci --role operator --expires 720h`;

export function tokenCommand(io: Io): Command {
  return new Command('token')
    .description('Who may speak to the server.')
    .addHelpText('after', notes)
    .addCommand(createCommand(io))
    .addCommand(listCommand(io))
    .addCommand(revokeCommand(io));
}

function createCommand(io: Io): Command {
  const examples = `
Examples:
  drover token create dashboard --role viewer
  drover token create ci --role operator --expires 720h -o name > ci.token`;
  const command = new Command('create')
    .description('Makes a token and shows it, this once.')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--role <role>', 'what it allows').choices(roles).makeOptionMandatory())
    .addOption(
      new Option(
        '--expires <duration>',
        'after which it is void: 24h, 720h; never by default',
      ).argParser(duration),
    )
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', examples)
    .action(async (name: string, flags: TokenCreateFlags) => {
      const { runTokenCreate } = await import('./run-token.ts');
      await runTokenCreate(io, name, flags);
    });
  return connected(command);
}

function listCommand(io: Io): Command {
  const examples = `
Examples:
  drover token list`;
  const command = new Command('list')
    .description('Lists all tokens, without their secret.')
    .addOption(fields.watch())
    .addOption(outputOption('table', 'wide', 'json', 'yaml', 'name'))
    .addHelpText('after', examples)
    .action(async (flags: ListFlags) => {
      const { runTokenList } = await import('./run-token.ts');
      await runTokenList(io, flags);
    });
  return connected(command);
}

function revokeCommand(io: Io): Command {
  const examples = `
It is void at once.

Examples:
  drover token revoke tok-1 --yes`;
  const command = new Command('revoke')
    .description('Makes a token void.')
    .argument('<token>', 'its id, from "drover token list"')
    .addOption(fields.yes())
    .addHelpText('after', examples)
    .action(async (id: string, flags: RemoveFlags) => {
      const { runTokenRevoke } = await import('./run-token.ts');
      await runTokenRevoke(io, id, flags);
    });
  return connected(command);
}
