import { connect } from 'node:net';

/** Whoever listens there answers at once. */
const knockMs = 500;

/** Whether somebody listens on the unix socket. Nobody there, or somebody else's, is nobody. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(knockMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
