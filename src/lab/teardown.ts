import { lstat, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { killKeepers } from './host.ts';
import { labId } from './names.ts';
import { namespacesOf, removeNamespace } from './network.ts';
import { isErrno, must } from './run.ts';
import { lockPath, statePath } from './state.ts';

/** Everything that a lab may have put into its directory. */
function contentsOf(dir: string): readonly string[] {
  return [join(dir, 'hosts'), join(dir, 'share'), statePath(dir), `${statePath(dir)}.new`];
}

/**
 * Removes whatever there is of the lab in this directory: processes, namespaces, interfaces, files.
 * It asks the kernel rather than the lab's own notes, so it works after any crash, and again when it
 * was itself interrupted. The caller holds the lab's lock.
 */
export async function tearDown(dir: string): Promise<void> {
  await killKeepers(dir);
  for (;;) {
    const namespaces = await namespacesOf(labId(dir));
    if (namespaces.length === 0) break;
    // Again afterwards: a command of an `up` that was killed may have been at work on the next one.
    await Promise.all(namespaces.map(removeNamespace));
  }
  // Should something be mounted there after all, its content is not the lab's to delete.
  await must(['rm', '-rf', '--one-file-system', '--', ...contentsOf(dir)]);
}

/** Removes the lock file and, when nothing else lies in it, the directory. */
export async function removeDirectory(dir: string): Promise<void> {
  await must(['rm', '-f', '--', lockPath(dir)]);
  try {
    await rmdir(dir);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY', 'ENOENT', 'EBUSY')) throw error;
  }
}

/** Whether anything of a lab is there: in the kernel or in the directory. */
export async function hasRemains(dir: string): Promise<boolean> {
  if ((await namespacesOf(labId(dir))).length > 0) return true;
  const found = await Promise.all(contentsOf(dir).map(exists));
  return found.includes(true);
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
