import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `drover` as a user does. */
export function startDrover(
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess {
  return spawn(`${root}bin/drover.js`, args, { env: { ...process.env, ...env } });
}

/** How a child ended, and all that it said. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const text = { out: '', err: '' };
  child.stdout?.on('data', (piece) => (text.out += String(piece)));
  child.stderr?.on('data', (piece) => (text.err += String(piece)));
  const [code, signal] = await once(child, 'close');
  return { code, signal, ...text };
}

/** What the child says as soon as it fits; rejects when it ends before. */
export async function saidBy(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
  let text = '';
  const listen = (piece: unknown): void => {
    text += String(piece);
    const said = pattern.exec(text);
    if (said !== null) resolve(said);
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  child.once('close', () => reject(new Error(`it ended without saying ${pattern}: ${text}`)));
  return promise;
}
