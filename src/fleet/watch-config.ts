import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Config, configPath, loadConfig } from './config.ts';

/** An editor writes in several steps: the file is read when it has been quiet for this long, ms. */
const settleMs = 200;

export interface ConfigListener {
  /** The file has changed, and this is what it says now. */
  readonly onChange: (config: Config) => void;
  /** It has changed, and what it says is not valid: what held before holds on. */
  readonly onBroken: (error: unknown) => void;
}

/** Hears of changes of the config file that `loadConfig(path)` reads. Returns how to end it. */
export async function watchConfig(
  path: string | undefined,
  { onChange, onBroken }: ConfigListener,
): Promise<() => void> {
  const file = await configPath(path);
  if (file === undefined) return () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const read = (): void => void loadConfig(file).then(onChange, onBroken);
  // Editors put a new file in the old one's place: the folder is watched.
  const watcher = watch(dirname(file), (_, changed) => {
    if (changed !== basename(file)) return;
    clearTimeout(timer);
    timer = setTimeout(read, settleMs);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
