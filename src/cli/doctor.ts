import { Command } from 'commander';
import { connected, hostNames } from './fields.ts';
import type { DoctorFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Nothing is changed. The hosts are those of the server that is asked, and are looked at from this
machine. Exit code 1 where there is an error.

--probe sees what no libvirt call tells: whether the hosts' daemons and QEMUs reach each other, whether
memory goes by TLS, and whether the clocks agree. It starts a tiny guest of its own, without disk or
network, and moves it from each host to each other one. Other guests are not touched, closed hosts take
no probe guest in, and in the end none is left, after Ctrl-C neither.

Examples:
  drover doctor
  drover doctor --probe
  drover doctor --probe --from h1 --to h4,h5
  drover doctor --config lab.yaml -o json`;

export function doctorCommand(io: Io): Command {
  const command = new Command('doctor')
    .description('Checks hosts, certificates, versions and the ways between hosts, and the store.')
    .option('--probe', 'send a tiny guest of its own from host to host, too')
    .option('--from <hosts>', 'the only hosts to send it from, separated by commas', hostNames)
    .option('--to <hosts>', 'the only hosts to send it to, separated by commas', hostNames)
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (flags: DoctorFlags) => {
      const { runDoctor } = await import('./run-doctor.ts');
      await runDoctor(io, flags);
    });
  return connected(command);
}
