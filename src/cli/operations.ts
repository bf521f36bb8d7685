import { Command, Option } from 'commander';
import { importances } from '../policy/vocabulary.ts';
import { connected, durationOrNone, fields, whole } from './fields.ts';
import type {
  AskFlags,
  OperationCancelFlags,
  OperationExpediteFlags,
  OperationListFlags,
} from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Drains, and whatever else is several migrations. OPERATION is an id, the beginning of one, or a
host, which stands for its latest.

Examples:
  drover operations
  drover operations watch h1
  drover operations expedite h1 --vm billing-db --importance high
  drover operations leave h1 batch-3
  drover operations cancel h1 --abort-running`;

export function operationsCommand(io: Io): Command {
  return new Command('operations')
    .description('The operations that are remembered: those under way, and those that have ended.')
    .addHelpText('after', notes)
    .addCommand(listCommand(io), { isDefault: true })
    .addCommand(showCommand(io))
    .addCommand(watchCommand(io))
    .addCommand(pauseCommand(io, 'pause'))
    .addCommand(pauseCommand(io, 'resume'))
    .addCommand(expediteCommand(io))
    .addCommand(leaveCommand(io))
    .addCommand(cancelCommand(io));
}

function listCommand(io: Io): Command {
  const command = new Command('list')
    .description('Lists operations, newest first.')
    .addOption(new Option('--limit <n>', 'at most so many').argParser(whole).default(100))
    .addOption(fields.watch())
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', '\nExamples:\n  drover operations list\n  drover operations -o name')
    .action(async (flags: OperationListFlags) => {
      const { runOperationList } = await import('./run-operations.ts');
      await runOperationList(io, flags);
    });
  return connected(command);
}

function showCommand(io: Io): Command {
  return onOne(
    new Command('show').description('Shows how one operation stands, VM by VM.'),
    '\nExamples:\n  drover operations show h1\n  drover operations show h1 -o json',
  ).action(async (wanted: string, flags: AskFlags) => {
    const { runOperationShow } = await import('./run-operations.ts');
    await runOperationShow(io, wanted, flags);
  });
}

function watchCommand(io: Io): Command {
  return onOne(
    new Command('watch').description(
      'Goes along with an operation to its end. Without a server it is carried on from here.',
    ),
    '\nExamples:\n  drover operations watch h1',
  ).action(async (wanted: string, flags: AskFlags) => {
    const { runOperationWatch } = await import('./run-operate.ts');
    await runOperationWatch(io, wanted, flags);
  });
}

function pauseCommand(io: Io, name: 'pause' | 'resume'): Command {
  const what =
    name === 'pause'
      ? 'Begins no more migrations for now; those under way land.'
      : 'Lets a paused operation go on.';
  return onOne(
    new Command(name).description(what),
    `\nExamples:\n  drover operations ${name} h1`,
  ).action(async (wanted: string, flags: AskFlags) => {
    const { runOperationPause } = await import('./run-operations.ts');
    await runOperationPause(io, wanted, name === 'pause', flags);
  });
}

function expediteCommand(io: Io): Command {
  return onOne(
    new Command('expedite')
      .description('Changes how much an operation matters, or one VM of it, and by when.')
      .option('--vm <vm>', 'only this VM of it')
      .addOption(
        new Option('--importance <level>', 'how much it matters from now on').choices(importances),
      )
      .addOption(
        new Option(
          '--deadline <duration>',
          'when it should be done, from now: 90s, 30m, 2h; or none',
        ).argParser(durationOrNone),
      ),
    '\nExamples:\n  drover operations expedite h1 --importance high --deadline 10m\n  drover operations expedite h1 --vm billing-db --importance high',
  ).action(async (wanted: string, flags: OperationExpediteFlags) => {
    const { runOperationExpedite } = await import('./run-operations.ts');
    await runOperationExpedite(io, wanted, flags);
  });
}

function leaveCommand(io: Io): Command {
  const command = new Command('leave')
    .description('Leaves one VM of an operation where it is; its migration is cancelled.')
    .argument('<operation>', 'which operation')
    .argument('<vm>', 'the VM to leave')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', '\nExamples:\n  drover operations leave h1 batch-3')
    .action(async (wanted: string, vm: string, flags: AskFlags) => {
      const { runOperationLeave } = await import('./run-operations.ts');
      await runOperationLeave(io, wanted, vm, flags);
    });
  return connected(command);
}

function cancelCommand(io: Io): Command {
  return onOne(
    new Command('cancel')
      .description('Begins no more migrations; the host stays closed until it is undrained.')
      .option('--abort-running', 'cancel those under way too, where they still can be'),
    '\nExamples:\n  drover operations cancel h1\n  drover operations cancel h1 --abort-running',
  ).action(async (wanted: string, flags: OperationCancelFlags) => {
    const { runOperationCancel } = await import('./run-operations.ts');
    await runOperationCancel(io, wanted, flags);
  });
}

function onOne(command: Command, examples: string): Command {
  command
    .argument('<operation>', 'which operation')
    .addOption(outputOption('table', 'json', 'yaml', 'name'))
    .addHelpText('after', examples);
  return connected(command);
}
