import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { LibvirtClientError, TransportError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import { connected } from './connected.ts';
import { readTlsFiles, type TlsFiles } from './tls-files.ts';
import type { Attempt, ByteStream } from './transport.ts';

const port = 16_514;
/** What a server that lets a client in says, inside TLS, before the first message. */
const welcome = 1;

/** TLS with libvirt's own certificate files. */
export async function openTls(uri: LibvirtUri, { signal }: Attempt): Promise<ByteStream> {
  const files = await readTlsFiles(uri);
  const socket = startTls(uri, files);
  try {
    await connected(socket, signal, 'secureConnect');
    await admission(socket, signal, files);
    return socket;
  } catch (error) {
    socket.destroy();
    if (signal.aborted || error instanceof LibvirtClientError || isOfTheNetwork(error)) throw error;
    throw new TransportError(
      `TLS with ${uri.host} fails: ${textOf(error)} (the authority is that of ${files.authority.path})`,
      { cause: error },
    );
  }
}

function startTls(uri: LibvirtUri, files: TlsFiles): TLSSocket {
  const { authority, revoked, client } = files;
  try {
    const socket = connect({
      host: uri.host,
      port: uri.port ?? port,
      ...(isIP(uri.host) === 0 ? { servername: uri.host } : {}),
      ca: authority.content,
      ...(revoked === undefined ? {} : { crl: revoked.content }),
      ...(client === undefined
        ? {}
        : { cert: client.certificate.content, key: client.key.content }),
      rejectUnauthorized: uri.parameters.no_verify !== '1',
    });
    socket.setNoDelay(true);
    return socket;
  } catch (cause) {
    const paths = [authority, revoked, client?.certificate, client?.key].flatMap(
      (file) => file?.path ?? [],
    );
    throw new TransportError(`TLS cannot use ${paths.join(', ')}: ${textOf(cause)}`, { cause });
  }
}

/**
 * Waits until the server has looked at our certificate. One that does not like it hangs up, with
 * TLS 1.3 only after the handshake.
 */
async function admission(socket: TLSSocket, signal: AbortSignal, files: TlsFiles): Promise<void> {
  const presented =
    files.client === undefined
      ? `a client without a certificate (looked for ${files.clientPlaces.join(' and ')})`
      : `the client certificate ${files.client.certificate.path}`;
  try {
    if ((await firstByte(socket, signal)) === welcome) return;
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new TransportError(`the server does not accept ${presented}: ${textOf(cause)}`, {
      cause,
    });
  }
  throw new TransportError(`the server does not accept ${presented}`);
}

/** `undefined` when the server hung up before. */
async function firstByte(socket: TLSSocket, signal: AbortSignal): Promise<number | undefined> {
  const settled = new AbortController();
  const waiting = { signal: AbortSignal.any([signal, settled.signal]) };
  const byte = async (): Promise<number | undefined> => {
    for (;;) {
      const read: unknown = socket.read(1);
      if (read instanceof Buffer) return read[0];
      await once(socket, 'readable', waiting);
    }
  };
  try {
    return await Promise.race([byte(), once(socket, 'close', waiting).then(() => undefined)]);
  } finally {
    settled.abort();
  }
}

/** Such as a refused connection: TLS had no part in it. */
function isOfTheNetwork(error: unknown): boolean {
  return error instanceof AggregateError || (error instanceof Error && 'syscall' in error);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
