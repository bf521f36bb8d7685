import { Argument, Command } from 'commander';
import { type Importance, importances } from '../policy/vocabulary.ts';
import type { Io } from './io.ts';

const notes = `
The process that steers the migration, on this machine, obeys at its next decision: with "high" it
ends in finite time, whatever the guest does. Where nobody steers it, the command says so.

Examples:
  drover importance billing-db high`;

export function importanceCommand(io: Io): Command {
  return new Command('importance')
    .description('Changes how much it matters that a VM arrives, while it is being moved.')
    .argument('<migration>', 'its id, the beginning of one, or the VM')
    .addArgument(new Argument('<level>', 'how much it matters now').choices(importances))
    .addHelpText('after', notes)
    .action(async (wanted: string, level: Importance) => {
      const { runImportance } = await import('./run-importance.ts');
      await runImportance(io, wanted, level);
    });
}
