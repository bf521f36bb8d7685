import { createConnection } from 'node:net';
import { join } from 'node:path';
import { TransportError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import { connected } from './connected.ts';
import { receiving } from './receiving.ts';
import type { Attempt, ByteStream } from './transport.ts';

/** The first of the daemon's sockets on which somebody listens, or the one that the URI names. */
export async function openUnix(uri: LibvirtUri, attempt: Attempt): Promise<ByteStream> {
  const { socket } = uri.parameters;
  const paths = socket === undefined ? socketsOf(uri, attempt.readOnly) : [socket];
  const refusals: Error[] = [];
  for (const path of paths) {
    try {
      const { onread, into } = receiving();
      return await connected(into(createConnection({ path, onread })), attempt.signal);
    } catch (error) {
      if (attempt.signal.aborted) throw error;
      refusals.push(refusalOf(path, error));
    }
  }
  throw new TransportError(
    `no libvirt daemon can be reached on this machine: ${refusals.map(({ message }) => message).join(', ')}`,
    { cause: new AggregateError(refusals) },
  );
}

/** What to say, and with it what to do. */
const refusalTexts: Readonly<Record<string, string>> = {
  ENOENT: 'is not there (is the daemon running?)',
  ECONNREFUSED: 'is there, but nobody listens on it (is the daemon running?)',
  EACCES: 'is not open to this user (is it in the group libvirt?)',
};

function refusalOf(path: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const text = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${path} ${refusalTexts[code] ?? `fails (${text})`}`, { cause });
}

/** The modular daemon's socket first, then the monolithic one's, as `mode` says. */
export function socketsOf(
  uri: LibvirtUri,
  readOnly: boolean,
  environment = process.env,
): readonly string[] {
  const session = uri.path === '/session';
  const folder = session ? sessionFolder(environment) : '/run/libvirt';
  // Whoever has a session daemon may do everything with it: it has no read-only socket.
  const ending = readOnly && !session ? '-ro' : '';
  const modular = join(folder, `virt${uri.driver}d-sock${ending}`);
  const monolithic = join(folder, `libvirt-sock${ending}`);
  switch (uri.parameters.mode ?? 'auto') {
    case 'direct':
      return [modular];
    case 'legacy':
      return [monolithic];
    case 'auto':
      return [modular, monolithic];
  }
}

function sessionFolder(environment: NodeJS.ProcessEnv): string {
  const folder = environment.XDG_RUNTIME_DIR;
  if (folder === undefined) {
    throw new TransportError('a session daemon is found through XDG_RUNTIME_DIR, which is not set');
  }
  return join(folder, 'libvirt');
}
