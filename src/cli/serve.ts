import { Command, InvalidArgumentError } from 'commander';
import { expectedListen, isListenAddress } from '../fleet/listen-address.ts';
import type { ServeFlags } from './flags.ts';
import type { Io } from './io.ts';

const notes = `
It steers all migrations until it is told to end (SIGTERM, Ctrl-C): then it hands them over, and
they go on. SIGHUP reads the config file anew; a change of the file does so, too. Several on one
PostgreSQL share the work, and take it over from each other.

Examples:
  drover serve
  drover serve --config /etc/drover/config.yaml --listen 127.0.0.1:7420
  DROVER_DATABASE_URL=postgres://drover@db/drover drover serve`;

export function serveCommand(io: Io): Command {
  return new Command('serve')
    .description('Runs the fleet: the API, and the steering of every migration.')
    .option(
      '--listen <address>',
      'host:port to answer on; by default 127.0.0.1:7420',
      listenAddress,
    )
    .option('--socket <path>', 'the unix socket for those of this machine')
    .option('--config <file>', 'the config file (also: DROVER_CONFIG)')
    .option('--database <url>', 'postgres://..., or a file (also: DROVER_DATABASE_URL)')
    .option('--insecure', 'listen on a public address without TLS')
    .addHelpText('after', notes)
    .action(async (flags: ServeFlags) => {
      const { runServe } = await import('./run-serve.ts');
      await runServe(io, flags);
    });
}

function listenAddress(text: string): string {
  if (isListenAddress(text)) return text;
  throw new InvalidArgumentError(`${expectedListen}.`);
}
