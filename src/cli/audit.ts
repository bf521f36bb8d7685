import { Command, Option } from 'commander';
import { connected, duration, whole } from './fields.ts';
import type { AuditFlags } from './flags.ts';
import type { Io } from './io.ts';
import { outputOption } from './output.ts';

const notes = `
What only reads leaves no trace here; what was refused does.

Examples:
  drover audit
  drover audit --since 24h --who ci
  drover audit --subject h3 -o json`;

export function auditCommand(io: Io): Command {
  const command = new Command('audit')
    .description('Lists who did what, when and from where; newest first.')
    .option('--who <name>', 'only what this one did')
    .option('--subject <name>', 'only what was done to this host, migration, VM or token')
    .addOption(
      new Option('--since <duration>', 'only what is no older: 90s, 30m, 24h').argParser(duration),
    )
    .addOption(new Option('--limit <n>', 'at most so many').argParser(whole).default(100))
    .addOption(outputOption('table', 'wide', 'json', 'yaml'))
    .addHelpText('after', notes)
    .action(async (flags: AuditFlags) => {
      const { runAudit } = await import('./run-audit.ts');
      await runAudit(io, flags);
    });
  return connected(command);
}
