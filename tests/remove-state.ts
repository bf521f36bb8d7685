import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Takes away, at the end, what the tested commands remembered. */
export function teardown(): Promise<void> {
  return rm(join(tmpdir(), `drover-test-state-${process.pid}`), { recursive: true, force: true });
}
