import { Command } from 'commander';
import { duration, fields, hostNames, whole } from './fields.ts';
import type { PlanFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Nothing is asked and nothing is moved: hosts and VMs are those of the file, YAML or JSON, whose
form docs/inventory.schema.json describes. The same file, options and seed give the same plan; with
--improve it may depend on how fast the machine is.

Examples:
  drover plan --inventory fleet.yaml --drain h1
  drover plan --inventory fleet.yaml --drain h1,h2 --to h5,h6 --deadline 30m -o json`;

export function planCommand(io: Io): Command {
  return new Command('plan')
    .description('Says who would go where, in which order and for how long, if hosts were emptied.')
    .requiredOption('--inventory <file>', 'the hosts and VMs to plan for')
    .requiredOption('--drain <hosts>', 'the hosts to empty, separated by commas', hostNames)
    .option('--to <hosts>', 'the only hosts to go to, separated by commas', hostNames)
    .addOption(fields.reason())
    .addOption(fields.importance())
    .addOption(fields.deadline())
    .option('--seed <number>', 'where chance begins', whole, 1)
    .option(
      '--improve <duration>',
      'let a solver look for a better placement, for so long',
      duration,
    )
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (flags: PlanFlags) => {
      const { runPlan } = await import('./run-plan.ts');
      await runPlan(io, flags);
    });
}
