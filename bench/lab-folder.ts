import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downLab } from '../src/lab/index.ts';
import { whenInterrupted } from './interrupted.ts';

/** Where a benchmark builds a lab of its own. */
export interface LabFolder {
  readonly dir: string;
  /** Ends whatever there is of the lab, and removes the folder. */
  clear(): Promise<void>;
}

/** A new one; it is cleared, too, where the benchmark is interrupted. */
export async function labFolder(what: string): Promise<LabFolder> {
  const dir = await mkdtemp(join(tmpdir(), `drover-${what}-`));
  const clear = async (): Promise<void> => {
    await downLab(dir);
    await rm(dir, { recursive: true, force: true });
  };
  const forget = whenInterrupted(clear);
  return {
    dir,
    clear: async () => {
      await clear();
      forget();
    },
  };
}
