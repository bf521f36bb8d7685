import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno, must, run } from './run.ts';

/** A lock that is held; `fd` can be handed to children, which then hold it too. */
export interface Lock {
  readonly fd: number;
}

/**
 * Runs `action` while holding an exclusive lock on a file. The kernel drops the lock when the last
 * process that has the file open is gone, so a crash leaves no stale lock behind. `onWait` is called
 * when somebody else holds it.
 */
export async function withLock<T>(
  path: string,
  action: (lock: Lock) => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    const file = await open(path, 'a');
    try {
      await acquire(file.fd, onWait);
      // Whoever held it before may have removed the file: then another one is the lock now.
      if (await isSameFile(path, (await file.stat()).ino)) return await action({ fd: file.fd });
    } finally {
      await file.close();
    }
  }
}

/** The lock belongs to the open file, which the child shares; it stays when the child ends. */
async function acquire(fd: number, onWait: () => void): Promise<void> {
  const free = await run(['flock', '--exclusive', '--nonblock', '3'], { keepOpen: [fd] });
  if (free.code === 0) return;
  onWait();
  await must(['flock', '--exclusive', '3'], { keepOpen: [fd] });
}

async function isSameFile(path: string, inode: number): Promise<boolean> {
  try {
    return (await stat(path)).ino === inode;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
