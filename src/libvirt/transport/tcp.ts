import { createConnection } from 'node:net';
import type { LibvirtUri } from '../uri.ts';
import { connected } from './connected.ts';
import { receiving } from './receiving.ts';
import type { Attempt, ByteStream } from './transport.ts';

const port = 16_509;

/** Neither encrypted nor authenticated. */
export function openTcp(uri: LibvirtUri, { signal }: Attempt): Promise<ByteStream> {
  const { onread, into } = receiving();
  const at = { host: uri.host, port: uri.port ?? port };
  return connected(into(createConnection({ ...at, noDelay: true, onread })), signal);
}
