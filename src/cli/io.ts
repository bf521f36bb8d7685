import { styleText } from 'node:util';
import type { ExitCode } from '../errors/catalogue.ts';

/** The part of a stream that a command writes to. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** What a command may touch of its process. Data goes to `out`, progress and explanations to `err`. */
export interface Io {
  readonly out: OutputStream;
  readonly err: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The code to end with, of a command that did its work and has no good news. */
  readonly endWith: (exitCode: ExitCode) => void;
}

type Format = Parameters<typeof styleText>[0];
/** Puts a text in a style, or leaves it as it is where colours are not wanted. */
export type Style = (format: Format, text: string) => string;

/**
 * Whether a stream gets colours: a terminal does, unless NO_COLOR is set; FORCE_COLOR (other than
 * `0` or `false`) gives them to anything.
 */
export function wantsColour(stream: OutputStream, env: Io['env']): boolean {
  if (env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

export function styleFor(stream: OutputStream, env: Io['env']): Style {
  if (!wantsColour(stream, env)) return (_format, text) => text;
  return (format, text) => styleText(format, text, { validateStream: false });
}
