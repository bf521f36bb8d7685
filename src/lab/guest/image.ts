import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In the repository, or the package. */
const guestDirectory = fileURLToPath(new URL('../../../guest/', import.meta.url));

/** What a Linux guest runs first. */
export const linuxInit = join(guestDirectory, 'linux/init');

/** The path of a built image. */
export function builtImage(name: 'beat.elf' | 'workload'): string {
  return join(guestDirectory, 'built', name);
}

/**
 * Puts the content where every host of the lab sees it and returns the path. The name carries its
 * hash: a lab that outlives a change of the image keeps the one that its guests run.
 */
export async function share(
  shareDirectory: string,
  name: string,
  content: Uint8Array,
): Promise<string> {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  const path = join(shareDirectory, `${name}-${hash}`);
  await mkdir(shareDirectory, { recursive: true });
  const there = await stat(path).catch(() => undefined);
  if (there?.size === content.length) return path;
  const partial = `${path}.${randomUUID()}`;
  await writeFile(partial, content);
  await rename(partial, path);
  return path;
}

/** The bare-metal image on the lab's shared folder. */
export async function shareBeat(shareDirectory: string): Promise<string> {
  return await share(shareDirectory, 'beat', await readFile(builtImage('beat.elf')));
}
