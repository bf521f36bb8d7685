import { access } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { TransportError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import { connected } from './connected.ts';
import type { ByteStream } from './transport.ts';

/** The first of the daemon's sockets that is there, or the one that the URI names. */
export async function openUnix(uri: LibvirtUri, signal: AbortSignal): Promise<ByteStream> {
  const path = uri.parameters.socket ?? (await firstThatExists(socketsOf(uri)));
  return connected(createConnection({ path }), signal);
}

/** Modular daemon first, then the monolithic one, as `mode` says. */
export function socketsOf(uri: LibvirtUri, environment = process.env): readonly string[] {
  const folder = uri.path === '/session' ? sessionFolder(environment) : '/run/libvirt';
  const modular = join(folder, `virt${uri.driver}d-sock`);
  const monolithic = join(folder, 'libvirt-sock');
  const { mode = 'auto' } = uri.parameters;
  switch (mode) {
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

async function firstThatExists(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    if (await exists(path)) return path;
  }
  const tried = paths.join(' and ');
  throw new TransportError(
    `no libvirt daemon listens on this machine: there is no ${tried}. Is libvirtd or virtqemud running?`,
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
