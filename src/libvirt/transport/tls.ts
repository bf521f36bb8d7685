import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { TransportError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import { connected } from './connected.ts';
import type { ByteStream } from './transport.ts';

const port = 16_514;

/** Where the certificates of a client lie. */
interface CertificatePaths {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** TLS with a client certificate, from libvirt's own places. */
export async function openTls(uri: LibvirtUri, signal: AbortSignal): Promise<ByteStream> {
  const { authority, certificate, key } = await readCertificates(uri);
  const socket = connect({
    host: uri.host,
    port: uri.port ?? port,
    ...(isIP(uri.host) === 0 ? { servername: uri.host } : {}),
    ca: authority,
    cert: certificate,
    key,
    rejectUnauthorized: uri.parameters.no_verify !== '1',
  });
  socket.setNoDelay(true);
  await connected(socket, signal, 'secureConnect');
  try {
    await admission(socket, signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The server looks at the client's certificate and says, in one byte, whether it may go on. */
async function admission(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const closed = once(socket, 'close', { signal }).then(() => {
    throw new TransportError('the server did not accept the client certificate and hung up');
  });
  const byte = async (): Promise<number> => {
    for (;;) {
      const read: unknown = socket.read(1);
      if (read instanceof Buffer) return read[0] ?? 0;
      await once(socket, 'readable', { signal });
    }
  };
  closed.catch(() => undefined);
  const answer = await Promise.race([byte(), closed]);
  if (answer !== 1) throw new TransportError('the server refused the client certificate');
}

async function readCertificates(uri: LibvirtUri): Promise<{
  readonly authority: Buffer;
  readonly certificate: Buffer;
  readonly key: Buffer;
}> {
  let missing: unknown;
  for (const paths of certificatePaths(uri)) {
    try {
      const [authority, certificate, key] = await Promise.all([
        readFile(paths.authority),
        readFile(paths.certificate),
        readFile(paths.key),
      ]);
      return { authority, certificate, key };
    } catch (error) {
      missing = error;
    }
  }
  const places = certificatePaths(uri)
    .map(({ certificate }) => certificate)
    .join(' and ');
  throw new TransportError(
    `TLS needs a client certificate, its key and the authority's certificate; looked for ${places}. pkipath= names another folder`,
    { cause: missing },
  );
}

/** A folder that the URI names; else the user's own, then the machine's. */
export function certificatePaths({ parameters }: LibvirtUri): readonly CertificatePaths[] {
  if (parameters.pkipath !== undefined) return [inOneFolder(parameters.pkipath)];
  return [
    inOneFolder(join(homedir(), '.pki', 'libvirt')),
    {
      authority: '/etc/pki/CA/cacert.pem',
      certificate: '/etc/pki/libvirt/clientcert.pem',
      key: '/etc/pki/libvirt/private/clientkey.pem',
    },
  ];
}

function inOneFolder(folder: string): CertificatePaths {
  return {
    authority: join(folder, 'cacert.pem'),
    certificate: join(folder, 'clientcert.pem'),
    key: join(folder, 'clientkey.pem'),
  };
}
