import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../errors/catalogue.ts';
import { describeFailure, exitCodeOfHelp, printFailure } from './failure.ts';
import type { Io } from './io.ts';
import { buildProgram } from './program.ts';
import { packageVersion } from './version.ts';

/** Runs `drover` as a process: the arguments, streams and exit code are the process's own. */
export async function main(): Promise<void> {
  process.stdout.on('error', endOnClosedPipe);
  // Nobody reads any more how it goes. What is under way goes on, and is steered, all the same.
  process.stderr.on('error', () => undefined);
  const { stdout, stderr, env } = process;
  process.exitCode = await run(process.argv.slice(2), { out: stdout, err: stderr, env });
}

/** Runs one command line and says with which code the process should end. Never rejects. */
export async function run(
  args: readonly string[],
  streams: Omit<Io, 'endWith'>,
): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const io: Io = {
    ...streams,
    env: args.includes('--no-color') ? { ...streams.env, NO_COLOR: '1' } : streams.env,
    endWith: (code) => {
      exitCode = code;
    },
  };
  let program: Command | undefined;
  try {
    program = await buildProgram(args, io, packageVersion());
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    const shown = exitCodeOfHelp(error);
    if (shown !== undefined) return shown;
    const failure = describeFailure(error, `${commandLine(program, args)} --help`);
    printFailure(io, failure, error, wantsJson(args));
    return failure.exitCode;
  }
  return exitCode;
}

/** The command words that the arguments name, as `drover class set`. */
function commandLine(program: Command | undefined, args: readonly string[]): string {
  if (program === undefined) return 'drover';
  const words = [program.name()];
  let command = program;
  for (const arg of args) {
    const child = command.commands.find((candidate) => candidate.name() === arg);
    if (child === undefined) continue;
    words.push(arg);
    command = child;
  }
  return words.join(' ');
}

/** Whether errors are to be JSON too. Read from the arguments: they may be what is wrong. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  return own.some(
    (arg, index) =>
      arg === '-ojson' ||
      arg === '--output=json' ||
      (arg === 'json' && ['-o', '--output'].includes(own[index - 1] ?? '')),
  );
}

/** `drover ... | head` is no error: the reader has seen enough. */
function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
}
