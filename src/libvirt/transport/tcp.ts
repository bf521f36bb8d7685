import { createConnection } from 'node:net';
import type { LibvirtUri } from '../uri.ts';
import { connected } from './connected.ts';
import type { Attempt, ByteStream } from './transport.ts';

const port = 16_509;

/** Neither encrypted nor authenticated. */
export function openTcp(uri: LibvirtUri, { signal }: Attempt): Promise<ByteStream> {
  const socket = createConnection({ host: uri.host, port: uri.port ?? port, noDelay: true });
  return connected(socket, signal);
}
