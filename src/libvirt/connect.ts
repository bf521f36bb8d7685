import { type ConnectOptions, connectOver, defaults, type Reach } from './connect-over.ts';
import type { Connection } from './connection.ts';
import { openStream } from './transport/open.ts';
import { parseLibvirtUri } from './uri.ts';

/**
 * Connects to a daemon by a libvirt URI, such as `qemu+tls://host/system`. Rejects with
 * ArgumentError (the URI), TransportError, AuthenticationError, LibvirtError, CallTimeoutError or CallAbortedError.
 */
export async function connect(uri: string, options: ConnectOptions = {}): Promise<Connection> {
  const target = parseLibvirtUri(uri);
  const { remoteUri } = target;
  const { connectTimeoutMs: timeoutMs = defaults.connectTimeoutMs, readOnly } = options;
  const reach: Reach = (signal) => openStream(target, { timeoutMs, readOnly, signal });
  return connectOver({ uri, remoteUri, reach }, options);
}
