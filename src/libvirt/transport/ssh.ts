import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import { sshArguments } from './ssh-command.ts';
import type { Attempt, ByteStream } from './transport.ts';

/** So many characters of what ssh says on its error output are kept for an error's text. */
const keptComplaint = 2000;
/** How long the output of an ssh that has ended is waited for: its connection sharing can hold it open. */
const outputPatienceMs = 500;

/**
 * Runs the system's ssh, so that its configuration, agent, jump hosts and known hosts count, and
 * at the far side libvirt's own helper or netcat. ssh says nothing when it is through: the
 * daemon's first answer does.
 */
export async function openSsh(uri: LibvirtUri, attempt: Attempt): Promise<ByteStream> {
  const program = uri.parameters.command ?? 'ssh';
  const child = spawn(program, sshArguments(uri, attempt.readOnly), {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A session of its own: Ctrl-C is not for it, and it cannot stop to ask for a password.
    detached: true,
  });
  try {
    await once(child, 'spawn', { signal: attempt.signal });
  } catch (cause) {
    child.on('error', () => undefined);
    child.kill();
    if (attempt.signal.aborted) throw cause;
    throw new TransportError(`${program} cannot be started: ${String(cause)}`, { cause });
  }
  return streamOf(child, uri.host);
}

/** The child's input and output as one stream; it ends with the child, and the child with it. */
function streamOf(child: ChildProcessWithoutNullStreams, host: string): ByteStream {
  const { stdin, stdout } = child;
  const complaint = tailOf(child.stderr);
  const stream = new Duplex({
    read: () => void stdout.resume(),
    // Why a write failed is told when the child ends, in its own words.
    write: (chunk: Buffer, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(done),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  stdin.on('error', () => undefined);
  stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  child.on('error', (error) => stream.destroy(error));
  child.on('exit', (code, signal) => void leave(code, signal));
  const leave = async (code: number | null, signal: string | null): Promise<void> => {
    await outputOf(child);
    const said = complaint() || (signal === null ? `exit code ${code}` : `signal ${signal}`);
    if (code === 0) stream.push(null);
    else stream.destroy(new TransportError(`ssh to ${host} ended: ${said}`));
  };
  return stream;
}

/** Settles when the child has no more output, or when that takes too long. */
async function outputOf({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<void> {
  const over = Promise.allSettled([finished(stdout), finished(stderr)]);
  const patience = new AbortController();
  await Promise.race([over, sleep(outputPatienceMs, undefined, { signal: patience.signal })]);
  patience.abort();
}

function tailOf(output: NodeJS.ReadableStream): () => string {
  let tail = '';
  output.setEncoding('utf8');
  output.on('data', (text: string) => {
    tail = (tail + text).slice(-keptComplaint);
  });
  return () => tail.trim();
}
