import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../errors/catalogue.ts';
import { type Importance, importances } from '../policy/vocabulary.ts';
import { stateDir } from './state-dir.ts';

/** Who steers a migration looks for orders this often, and has that long to take one. */
const lookMs = 100;
const takenWithinMs = 5_000;

/**
 * Leaves word for whoever steers the migration of this id, in another process of this machine, and
 * waits until it is taken. Rejects with `migration.not-running` where nobody takes it.
 */
export async function giveOrder(id: string, importance: Importance): Promise<void> {
  const path = pathOf(id);
  await mkdir(folder(), { recursive: true });
  await writeFile(`${path}.new`, importance);
  await rename(`${path}.new`, path);
  for (let waitedMs = 0; waitedMs < takenWithinMs; waitedMs += lookMs) {
    await sleep(lookMs);
    if ((await readOrder(path)) === undefined) return;
  }
  await rm(path, { force: true });
  throw new DroverError('migration.not-running', `Nobody here steers the migration ${id}`, {
    hint: 'The process that did has ended, or runs on another machine.',
  });
}

/** The latest word for this migration, which is taken away; `undefined` where there is none. */
export async function takeOrder(id: string): Promise<Importance | undefined> {
  const path = pathOf(id);
  const text = await readOrder(path);
  if (text === undefined) return undefined;
  await rm(path, { force: true });
  return importances.find((importance) => importance === text);
}

async function readOrder(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function folder(): string {
  return join(stateDir(), 'orders');
}

function pathOf(id: string): string {
  return join(folder(), id);
}
