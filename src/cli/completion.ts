import { Argument, Command } from 'commander';
import type { Io } from './io.ts';
import { type Shell, shells } from './shells.ts';

const notes = `
Examples:
  drover completion bash > /etc/bash_completion.d/drover
  drover completion zsh > "\${fpath[1]}/_drover"
  drover completion fish > ~/.config/fish/completions/drover.fish
  source <(drover completion bash)`;

export function completionCommand(io: Io): Command {
  return new Command('completion')
    .description('Prints what makes a shell complete commands, options, hosts, VMs and ids.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', notes)
    .action(async (shell: Shell) => {
      const { scriptFor } = await import('./completion-scripts.ts');
      io.out.write(scriptFor(shell));
    });
}
