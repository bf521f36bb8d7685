import { DroverError } from '../errors/catalogue.ts';
import { socketPath } from './host.ts';

/** A unix socket's path has 108 bytes, the last of them a zero. */
const longestSocketPath = 107;

/** Below these a host has mounts of its own, so that nothing of the machine can be shown there. */
const taken = /^\/(?:usr|etc|proc|sys|dev|bin|sbin|lib)(?:\/|$)/;

/** Returns the directory when a lab can keep its state there. */
export function checkDirectory(dir: string, hostNames: readonly string[]): string {
  if (taken.test(dir) || dir === '/') {
    throw new DroverError('usage.invalid', `a lab cannot keep its state in ${dir}`, {
      hint: 'choose a directory below /var, /srv, /tmp or /home',
    });
  }
  const longest = Math.max(...hostNames.map((name) => Buffer.byteLength(socketPath(dir, name))));
  if (longest > longestSocketPath) {
    throw new DroverError('usage.invalid', `the path ${dir} is too long for a daemon's socket`, {
      hint: `shorten it by ${longest - longestSocketPath} bytes`,
    });
  }
  return dir;
}
