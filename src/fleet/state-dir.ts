import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Env, given } from './given.ts';

/** Where Drover keeps what it remembers: DROVER_STATE_DIR, else the system's place for it. */
export function stateDir(env: Env = process.env): string {
  const named = given(env, 'DROVER_STATE_DIR');
  if (named !== undefined) return named;
  if (process.getuid?.() === 0) return '/var/lib/drover';
  return join(given(env, 'XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), 'drover');
}

/** The file of the store where no database server is named. */
export function storeFile(env: Env = process.env): string {
  return join(stateDir(env), 'drover.db');
}

/** The unix socket on which `drover serve` answers whoever may open it. */
export function socketPath(env: Env = process.env): string {
  const named = given(env, 'DROVER_STATE_DIR');
  if (named !== undefined) return join(named, 'drover.sock');
  if (process.getuid?.() === 0) return '/run/drover/drover.sock';
  const runtime = given(env, 'XDG_RUNTIME_DIR');
  return runtime === undefined ? join(stateDir(env), 'drover.sock') : join(runtime, 'drover.sock');
}
