import { CallAbortedError, LibvirtClientError, TransportError } from '../errors.ts';
import type { LibvirtUri } from '../uri.ts';
import { openSsh } from './ssh.ts';
import { openTcp } from './tcp.ts';
import { openTls } from './tls.ts';
import type { ByteStream, OpenOptions } from './transport.ts';
import { openUnix } from './unix.ts';

const openers = { unix: openUnix, tcp: openTcp, tls: openTls, ssh: openSsh } as const;

/**
 * Opens a byte stream to the daemon that a URI names. Rejects with TransportError, or with
 * CallAbortedError when the caller's signal fired; then nothing stays open.
 */
export async function openStream(uri: LibvirtUri, options: OpenOptions = {}): Promise<ByteStream> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const signal = AbortSignal.any(
    options.signal === undefined ? [timeout] : [options.signal, timeout],
  );
  try {
    return await openers[uri.transport](uri, { signal, readOnly: options.readOnly ?? false });
  } catch (cause) {
    if (options.signal?.aborted) throw new CallAbortedError('connecting was given up', { cause });
    if (timeout.aborted)
      throw new TransportError(`${placeOf(uri)} did not answer in time`, { cause });
    if (cause instanceof LibvirtClientError) throw cause;
    throw new TransportError(`cannot reach ${placeOf(uri)}: ${textOf(cause)}`, { cause });
  }
}

function placeOf({ transport, host, port }: LibvirtUri): string {
  if (host === '') return 'the local daemon';
  return `the daemon at ${host}${port === undefined ? '' : ` port ${port}`} over ${transport}`;
}

/** A host with several addresses fails with several errors and no text. */
function textOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(textOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
