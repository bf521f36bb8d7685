import type { Socket, TcpNetConnectOpts } from 'node:net';

/** As much as a large answer has; what is longer comes in several parts. */
const chunkBytes = 65_536;

/**
 * Has a socket read into one buffer of its own, again and again, and emit each part as `data`: Node by
 * itself makes a new buffer for every read, which costs as much as all else of a small answer. A part
 * is valid only while its listeners run.
 */
export function receiving(): {
  readonly onread: NonNullable<TcpNetConnectOpts['onread']>;
  /** To be called before anything can arrive. */
  readonly into: <S extends Socket>(socket: S) => S;
} {
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  const target: { socket?: Socket } = {};
  return {
    onread: {
      buffer,
      callback: (bytes) => {
        target.socket?.emit('data', buffer.subarray(0, bytes));
        return true;
      },
    },
    into: (socket) => {
      target.socket = socket;
      return socket;
    },
  };
}
