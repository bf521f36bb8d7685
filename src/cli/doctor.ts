import { Command } from 'commander';
import { connected } from './fields.ts';
import type { AskFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Nothing is changed. The hosts are those of the server that is asked, and are looked at from this
machine. Exit code 1 where there is an error.

Examples:
  drover doctor
  drover doctor --config lab.yaml -o json`;

export function doctorCommand(io: Io): Command {
  const command = new Command('doctor')
    .description('Checks hosts, certificates, versions and the ways between hosts, and the store.')
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (flags: AskFlags) => {
      const { runDoctor } = await import('./run-doctor.ts');
      await runDoctor(io, flags);
    });
  return connected(command);
}
