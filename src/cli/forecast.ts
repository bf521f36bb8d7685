import { Command } from 'commander';
import { connected, fields } from './fields.ts';
import type { ForecastFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
Nothing is moved and nothing is changed. What the guest writes is sampled for some five seconds,
and what earlier migrations of it and between these hosts have shown is taken in.
Of each figure two are given: half of the cases are at or under the first, nine of ten at or
under the second.

Examples:
  drover forecast billing-db --from h1 --to h2 --reason evacuation
  drover forecast web-7 --from h1 --to h2 --importance low -o json`;

export function forecastCommand(io: Io): Command {
  const command = new Command('forecast')
    .description('Says what moving a VM would be like, without moving it.')
    .argument('<vm>', "the VM's libvirt name or UUID")
    .option('--from <host>', 'the host it runs on: a libvirt URI or a configured name')
    .option('--to <host>', 'the host it would go to; by default, where it fits best')
    .addOption(fields.reason())
    .addOption(fields.importance())
    .addOption(outputOption('table', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (vm: string, flags: ForecastFlags) => {
      const { runForecast } = await import('./run-forecast.ts');
      await runForecast(io, vm, flags);
    });
  return connected(command);
}
