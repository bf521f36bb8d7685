import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Waits until a socket has connected; one that does not is destroyed. */
export async function connected<S extends Socket>(
  socket: S,
  signal: AbortSignal,
  event: 'connect' | 'secureConnect' = 'connect',
): Promise<S> {
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    // What it says from here on is of no interest: the failure is known.
    socket.on('error', () => undefined);
    socket.destroy();
    throw error;
  }
}
