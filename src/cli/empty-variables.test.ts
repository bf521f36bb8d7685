import { isAbsolute } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { configPath, defaultConfigPaths } from '../fleet/config.ts';
import { socketPath, storeFile } from '../fleet/state-dir.ts';
import { contextsPath } from './contexts.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const names = ['DROVER_STATE_DIR', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR', 'HOME'];
const empty = Object.fromEntries(names.map((name) => [name, '']));

test('a variable that is empty stands for none: nothing is kept where one happens to be', () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1_000);
  const paths = [storeFile(empty), socketPath(empty), ...defaultConfigPaths(empty)];
  for (const path of [...paths, contextsPath(empty)]) expect(path).toSatisfy(isAbsolute);
});

test('an empty DROVER_CONFIG names no file', async () => {
  vi.stubEnv('DROVER_CONFIG', '');
  vi.stubEnv('XDG_CONFIG_HOME', '/nonexistent');
  expect(['/etc/drover/config.yaml', undefined]).toContain(await configPath());
});
