import { type ConnectOptions, connectOver, defaults } from './connect-over.ts';
import type { Connection } from './connection.ts';
import { openStream } from './transport/open.ts';
import { parseLibvirtUri } from './uri.ts';

/**
 * Connects to a daemon by a libvirt URI, such as `qemu+tls://host/system`. Rejects with
 * TransportError, AuthenticationError, LibvirtError, CallTimeoutError or CallAbortedError.
 */
export async function connect(uri: string, options: ConnectOptions = {}): Promise<Connection> {
  const target = parseLibvirtUri(uri);
  const timeoutMs = options.connectTimeoutMs ?? defaults.connectTimeoutMs;
  const { remoteUri } = target;
  return connectOver(
    {
      uri,
      remoteUri,
      reach: (signal) =>
        openStream(target, { timeoutMs, ...(signal === undefined ? {} : { signal }) }),
    },
    options,
  );
}
