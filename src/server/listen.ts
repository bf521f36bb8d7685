import { once } from 'node:events';
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIPv4 } from 'node:net';
import { dirname } from 'node:path';
import { TLSSocket } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { DroverError } from '../errors/catalogue.ts';
import { isListening } from '../fleet/listening.ts';
import type { ServerSettings } from '../fleet/server-settings.ts';
import type { Peer } from './env.ts';
import type { App } from './route.ts';

/** A door that is open. */
export interface Door {
  /** As people write it. */
  readonly address: string;
  /** Takes no new requests, and ends those that wait for nothing but events. */
  close(): Promise<void>;
}

/** A request that takes longer than this to arrive is no honest one, ms. */
const headersMs = 10_000;
const requestMs = 30_000;
/** What is being answered may end within this time, ms. */
const graceMs = 5_000;
/** How often it is looked meanwhile for connections that wait for nothing, ms. */
const idleMs = 50;

/** Listens on a port, with TLS where it is set up. Rejects with `config.invalid` where it cannot. */
export async function openPort(app: Pick<App, 'fetch'>, settings: ServerSettings): Promise<Door> {
  const { host, port } = hostAndPort(settings.listen);
  const listener = listenerOf(app, networkPeer);
  const server =
    settings.tls === undefined
      ? createHttpServer(timeouts, listener)
      : tlsServer(await tlsOf(settings.tls), listener);
  await listening(server, settings.listen, { host, port });
  const bound = server.address();
  const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
  const scheme = settings.tls === undefined ? 'http' : 'https';
  return doorOf(server, `${scheme}://${host.includes(':') ? `[${host}]` : host}:${actual}`);
}

/** Listens on a unix socket that only its owner may open: whoever can, is an admin. */
export async function openSocket(app: Pick<App, 'fetch'>, path: string): Promise<Door> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (await isListening(path))
    throw new DroverError('config.invalid', `Another drover serve listens on ${path}`, {
      hint: 'End it, or name another socket with --socket.',
    });
  await rm(path, { force: true });
  const peer: Peer = { kind: 'local', who: 'local', by: 'socket' };
  const server = createHttpServer(
    timeouts,
    listenerOf(app, () => peer),
  );
  // Between its making and the change of its mode nobody else may open it.
  const before = process.umask(0o177);
  try {
    await listening(server, path, { path });
  } finally {
    process.umask(before);
  }
  await chmod(path, 0o600);
  return doorOf(server, path);
}

const timeouts = { headersTimeout: headersMs, requestTimeout: requestMs };

function listenerOf(
  app: Pick<App, 'fetch'>,
  peerOf: (incoming: IncomingMessage) => Peer,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const answer = getRequestListener((request, env) => {
    const incoming = 'incoming' in env ? env.incoming : undefined;
    if (incoming === undefined) throw new Error('a request came from nowhere');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- HTTP/2 is not offered
    return app.fetch(request, { peer: peerOf(incoming as IncomingMessage) });
  });
  return (incoming, outgoing) => void answer(incoming, outgoing);
}

function networkPeer({ socket }: IncomingMessage): Peer {
  const address = socket.remoteAddress ?? 'unknown';
  const known = socket instanceof TLSSocket && socket.authorized;
  const subject = known ? socket.getPeerCertificate().subject?.CN : undefined;
  const certificate = Array.isArray(subject) ? subject[0] : subject;
  return { kind: 'network', address, certificate };
}

async function tlsOf(tls: NonNullable<ServerSettings['tls']>): Promise<object> {
  // One after another: of several that are not there it is always the first that is named.
  const cert = await pem('server.tls.cert', tls.cert);
  const key = await pem('server.tls.key', tls.key);
  const ca =
    tls.clientCa === undefined ? undefined : await pem('server.tls.clientCa', tls.clientCa);
  // Who has no certificate may still have a token.
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: false };
  return { cert, key, minVersion: 'TLSv1.2', ...clients };
}

function tlsServer(tls: object, listener: ReturnType<typeof listenerOf>): Server {
  try {
    return createHttpsServer({ ...timeouts, ...tls }, listener);
  } catch (cause) {
    throw new DroverError('config.invalid', 'server.tls: it is no certificate and its key', {
      cause,
      hint: 'Both are PEM files, and the key is that of the certificate.',
    });
  }
}

async function pem(field: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new DroverError('config.invalid', `${field}: ${path} cannot be read`, { cause });
  }
}

async function listening(
  server: Server,
  named: string,
  where: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<void> {
  server.listen(where);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new DroverError('config.invalid', `It cannot listen on ${named}`, { cause });
  }
}

function doorOf(server: Server, address: string): Door {
  return {
    address,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      // Whoever has his answer keeps his connection for the next question, and there is none.
      const idle = setInterval(() => server.closeIdleConnections(), idleMs);
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(timer);
    },
  };
}

function hostAndPort(listen: string): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  return { host, port: Number(listen.slice(at + 1)) };
}

/** Whether only this machine can reach it. */
export function isLoopback(listen: string): boolean {
  const { host } = hostAndPort(listen);
  // A name may begin like an address, and lead elsewhere.
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
