import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { DroverError, type ErrorCode, type ExitCode, exitCodes } from '../errors/catalogue.ts';
import type { Io } from './io.ts';
import { styleFor } from './io.ts';

/** An error as the command shows it; the `error` object of the JSON output. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The messages of the errors beneath, outermost first. */
  readonly causes?: readonly string[];
  readonly exitCode: ExitCode;
}

/** What a thrown value means to the user. What nobody foresaw is called what it is: a bug. */
export function describeFailure(error: unknown, helpCommand = 'drover --help'): Failure {
  if (error instanceof DroverError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...causesOf(error),
      exitCode: error.exitCode,
    };
  }
  if (error instanceof CommanderError) {
    return {
      code: 'usage.invalid',
      message: error.message.replace(/^error: /, '').replace(/\n/g, ' '),
      hint: `see ${helpCommand}`,
      exitCode: exitCodes.usage,
    };
  }
  return {
    code: 'internal',
    message: `this is a bug in Drover: ${error instanceof Error ? error.message : inspect(error)}`,
    hint: 'please report it, with the output of the same command under DROVER_DEBUG=1',
    ...causesOf(error),
    exitCode: exitCodes.failed,
  };
}

/**
 * The exit code where commander threw only because it had shown help or the version; help that
 * stands in for a missing command word is a usage error.
 */
export function exitCodeOfHelp(error: unknown): ExitCode | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  const shown = ['commander.help', 'commander.helpDisplayed', 'commander.version'];
  if (!shown.includes(error.code)) return undefined;
  return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}

/**
 * Shows a failure: on stderr as text, or on stdout as the one JSON document of the command.
 * The stack is shown only to those who ask with DROVER_DEBUG.
 */
export function printFailure(io: Io, failure: Failure, error: unknown, asJson: boolean): void {
  if (asJson) io.out.write(`${JSON.stringify({ error: failure }, null, 2)}\n`);
  else io.err.write(failureText(io, failure));
  if (io.env.DROVER_DEBUG) io.err.write(`${inspect(error, { depth: 6 })}\n`);
}

function failureText(io: Io, failure: Failure): string {
  const style = styleFor(io.err, io.env);
  const lines = [`${style('red', 'drover:')} ${failure.message}`];
  for (const cause of failure.causes ?? []) lines.push(`  because: ${cause}`);
  if (failure.hint !== undefined) lines.push(`  ${failure.hint}`);
  return `${lines.join('\n')}\n`;
}

function causesOf(error: unknown): { causes?: readonly string[] } {
  const causes: string[] = [];
  const seen = [error instanceof Error ? error.message : ''];
  let cause = error instanceof Error ? error.cause : undefined;
  for (; cause instanceof Error; cause = cause.cause) {
    const { message } = cause;
    // Many messages already carry the one beneath: once is enough.
    if (!seen.some((earlier) => earlier.includes(message))) causes.push(message);
    seen.push(message);
  }
  return causes.length === 0 ? {} : { causes };
}
