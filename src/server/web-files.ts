import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** One file of the dashboard, ready to be sent. */
export interface WebFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

/** By path: `/index.html`, `/assets/...`. */
export type WebFiles = ReadonlyMap<string, WebFile>;

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = join(root, 'dist', 'web');
const sources = join(root, 'src', 'web');
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
const stampName = 'sources.sha256';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The dashboard as it was built. In a checkout it is built from its sources where they have changed
 * since: nobody has to remember to. Rejects where there is nothing to build it with.
 */
export async function webFiles(): Promise<WebFiles> {
  if (existsSync(join(sources, 'index.html'))) await buildWhereStale();
  const files = new Map<string, WebFile>();
  for (const path of await filesBelow(built)) {
    const type = types[extname(path)];
    if (type !== undefined) files.set(`/${relative(built, path)}`, await fileOf(path, type));
  }
  return files;
}

async function fileOf(path: string, type: string): Promise<WebFile> {
  const body = await readFile(path);
  const gzipped = await promisify(gzip)(body, { level: 9 });
  return { type, body: new Uint8Array(body), gzipped: new Uint8Array(gzipped) };
}

async function buildWhereStale(): Promise<void> {
  const stamp = await stampOfSources();
  if ((await stampOf(built)) === stamp) return;
  // Beside the place: who asks meanwhile finds the old one, or builds his own.
  const fresh = `${built}-${process.pid}`;
  try {
    const build = [vite, 'build', '--logLevel', 'error', '--outDir', fresh];
    await promisify(execFile)(process.execPath, build, { cwd: root });
    await writeFile(join(fresh, stampName), stamp);
    await rm(built, { recursive: true, force: true });
    await rename(fresh, built);
  } catch (error) {
    // Somebody else may have been faster; what he built is the same.
    if ((await stampOf(built)) !== stamp) throw error;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Of all that the dashboard is made of: its own sources, and the packages as the lock file has them. */
async function stampOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const lock = join(root, 'package-lock.json');
  for (const path of [...(await filesBelow(sources)), lock])
    hash
      .update(relative(root, path))
      .update('\0')
      .update(await readFile(path));
  return hash.digest('hex');
}

async function stampOf(folder: string): Promise<string | undefined> {
  return readFile(join(folder, stampName), 'utf8').catch(() => undefined);
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
}
