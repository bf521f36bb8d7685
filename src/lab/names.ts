import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DroverError } from '../errors/catalogue.ts';

export const defaultLabDirectory = '/var/lib/drover/lab';

/** Where the state of a lab lies: the argument, else DROVER_LAB_DIR, else {@link defaultLabDirectory}. */
export function labDirectory(dir?: string): string {
  return resolveDirectory(dir ?? process.env.DROVER_LAB_DIR ?? defaultLabDirectory);
}

/**
 * The name by which the kernel's objects of one lab are told from everybody else's: a digest of
 * where its state lies. It is computed, not stored, so that a lab can be taken down completely
 * even when its state has been lost.
 */
export function labId(dir: string): string {
  return createHash('sha256').update(dir).digest('hex').slice(0, 8);
}

/** All network namespaces of a lab begin with this, and no other's do. */
export function namespacePrefix(id: string): string {
  return `drover-${id}-`;
}

/** Upper case cannot occur in a host's name, so the switch collides with none. */
export function switchNamespace(id: string): string {
  return `${namespacePrefix(id)}SWITCH`;
}

export function hostNamespace(id: string, host: string): string {
  return `${namespacePrefix(id)}${host}`;
}

/** The path by which iproute2 keeps a named network namespace alive. */
export function namespacePath(namespace: string): string {
  return join('/run/netns', namespace);
}

/** The name of the switch's port to the host with this index. */
export function switchPort(index: number): string {
  return `p${index}`;
}

/** How many hosts fit into a lab's subnet. */
export const maximumHosts = 250;

/**
 * The address of a host. Links never leave the lab's own namespaces, so subnets cannot clash; they
 * differ from lab to lab so that addresses in logs and URIs can be told apart.
 */
export function hostAddress(id: string, index: number): string {
  const digest = Number.parseInt(id.slice(0, 4), 16);
  return `10.${64 + ((digest >> 8) % 64)}.${digest & 0xff}.${index}`;
}

export const hostNamePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** Returns the name when a host may have it: it becomes a host name and part of file names. */
export function checkHostName(name: string): string {
  if (hostNamePattern.test(name)) return name;
  throw new DroverError('usage.invalid', `'${name}' is not a name for a host`, {
    hint: 'up to 32 lower-case letters, digits and hyphens, beginning with a letter',
  });
}

/** Debian suites as they appear in paths and on the command line. */
export function checkSuite(suite: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(suite)) return suite;
  throw new DroverError('usage.invalid', `'${suite}' is not the name of a Debian suite`, {
    hint: 'for example forky or trixie',
  });
}

/** Like realpath, for paths whose last parts need not exist yet. */
function resolveDirectory(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    const parent = dirname(absolute);
    if (parent === absolute) throw error;
    return join(resolveDirectory(parent), basename(absolute));
  }
}
