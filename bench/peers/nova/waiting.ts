import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { isErrno } from '../../../src/lab/run.ts';

/** Longer than a program takes to start where other work takes the cores. */
const startMs = 30_000;

/**
 * Starts a program that says `ready` and waits for a line. What is returned has it go on, and resolves with the next line
 * that it says. Both reject where it ends without, or takes longer; it sees its input end when this process does.
 */
export async function startWaiting(
  argv: readonly [string, ...string[]],
): Promise<(timeoutMs: number) => Promise<string>> {
  const [program, ...args] = argv;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  await once(child, 'spawn');
  child.stdin.on('error', ignoreEnded);
  const complaints = text(child.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (timeoutMs: number): Promise<string> => {
    const late = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const next = await lines.next();
    clearTimeout(late);
    if (next.done !== true) return next.value;
    throw new Error(`${program} ended too soon: ${await complaints}`);
  };
  const first = await nextLine(startMs);
  if (first !== 'ready') throw new Error(`${program} said '${first}' instead of being ready`);
  return (timeoutMs) => {
    child.stdin.end('go\n');
    return nextLine(timeoutMs);
  };
}

/** Its next line, or that there is none, says what became of it. */
function ignoreEnded(error: Error): void {
  if (!isErrno(error, 'EPIPE', 'ECONNRESET')) throw error;
}
