import { Command, Option } from 'commander';
import { connected, fields, hostNames } from './fields.ts';
import type { DrainFlags, OperateFlags, UndrainFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const drainNotes = `
From the first moment no VM moves to the host, until "drover undrain" opens it again. A server
carries the drain out by itself, and this command only begins it; --watch goes along. Without a
server this process carries it out, and goes along to the end.
What does not fit, or may not suffer what it would take, stays, and is named with the reason.
Under a deadline the most valuable leave first, and the importance is raised where that is needed.

Examples:
  drover drain h1 --dry-run
  drover drain h1 --watch
  drover drain h1 --reason evacuation --deadline 30m --watch
  drover drain h1 --to h5,h6 -o json

Exit codes: 0 begun, or the host is empty; 1 a VM was lost; 5 some stay; 6 cancelled; 130 detached.`;

export function drainCommand(io: Io): Command {
  const command = new Command('drain')
    .description('Empties a host: moves all its VMs to others.')
    .argument('<host>', 'the host to empty')
    .addOption(
      new Option('--reason <reason>', 'why it is emptied').choices(['evacuation', 'maintenance']),
    )
    .addOption(fields.importance())
    .addOption(fields.deadline())
    .option('--to <hosts>', 'the only hosts to go to, separated by commas', hostNames);
  return operating(io, command, drainNotes).action(async (host: string, flags: DrainFlags) => {
    const { runDrain } = await import('./run-operate.ts');
    await runDrain(io, host, flags);
  });
}

export function undrainCommand(io: Io): Command {
  const notes = `
--restore brings back those that left it in its last drain, with low importance: who would suffer
stays where it is.

Examples:
  drover undrain h1
  drover undrain h1 --restore --watch`;
  const command = new Command('undrain')
    .description('Opens a host again: VMs may move to it.')
    .argument('<host>', 'the host to open')
    .option('--restore', 'bring back, gently, who lived there')
    .option('-w, --watch', 'go along to the end')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', notes)
    .action(async (host: string, flags: UndrainFlags) => {
      const { runUndrain } = await import('./run-operate.ts');
      await runUndrain(io, host, flags);
    });
  return connected(command);
}

export function balanceCommand(io: Io): Command {
  const notes = `
Where the fullest host and the emptiest differ by more than a fifth, the fewest and cheapest moves
bring them nearer. A VM that would suffer for it stays where it is.

Examples:
  drover balance --dry-run
  drover balance --watch`;
  const command = new Command('balance')
    .description('Moves VMs from full hosts to others, where that is worth what it costs.')
    .addOption(fields.importance())
    .addOption(fields.deadline());
  return operating(io, command, notes).action(async (flags: OperateFlags) => {
    const { runTidying } = await import('./run-operate.ts');
    await runTidying(io, 'balance', flags);
  });
}

export function defragCommand(io: Io): Command {
  const notes = `
Hosts with little on them are emptied onto those that are in use, wholly or not at all. A VM that
would suffer for it stays, and so does its host; a busy panda is never touched.

Examples:
  drover defrag --dry-run
  drover defrag --watch`;
  const command = new Command('defrag')
    .description('Empties whole hosts onto others that have room, where that is gentle.')
    .addOption(fields.importance())
    .addOption(fields.deadline());
  return operating(io, command, notes).action(async (flags: OperateFlags) => {
    const { runTidying } = await import('./run-operate.ts');
    await runTidying(io, 'defrag', flags);
  });
}

function operating(io: Io, command: Command, notes: string): Command {
  command
    .option('--dry-run', 'touch nothing and say what it would be like')
    .option('-w, --watch', 'go along to the end')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', notes);
  return connected(command);
}
