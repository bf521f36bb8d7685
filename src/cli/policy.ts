import { Command } from 'commander';
import { connected } from './fields.ts';
import type { AskFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
One line for each class of VM and importance of an operation:
  BLACKOUT    the longest pause the guest may feel at switch-over
  SLOWDOWN    the largest share of its speed that may be taken
  SPLIT       whether it may run at its destination before all of its memory is there (post-copy)
  FREEZE      whether it may be stopped until its memory is across, and for how long
  PATIENCE    passes over its memory before the rest of the line may be used in full
  OTHERWISE   what happens when nothing within the line arrives: stay, or finish all the same

Examples:
  drover policy show
  drover policy show -o yaml        with \`policy\` in the words of the config file`;

const checkNotes = `
What is wrong is told with file, line, field and what is allowed.

Examples:
  drover policy check drover.yaml`;

export function policyCommand(io: Io): Command {
  const show = new Command('show')
    .description('Prints what a migration may do to a VM.')
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (flags: AskFlags) => {
      const { runPolicyShow } = await import('./run-policy.ts');
      await runPolicyShow(io, flags);
    });
  const check = new Command('check')
    .description('Reads a config file, and says what is wrong with it or what it sets.')
    .argument('<file>', 'the config file')
    .addHelpText('after', checkNotes)
    .action(async (file: string) => {
      const { runPolicyCheck } = await import('./run-policy.ts');
      await runPolicyCheck(io, file);
    });
  return new Command('policy')
    .description('What each class and importance allows a migration to do.')
    .addCommand(connected(show))
    .addCommand(check)
    .addHelpText('after', '\nExamples:\n  drover policy show\n  drover policy check drover.yaml');
}
