import { homedir } from 'node:os';
import { join } from 'node:path';

/** What a process is told by its surroundings. */
type Env = Readonly<Record<string, string | undefined>>;

/** Where Drover keeps what it remembers: DROVER_STATE_DIR, else the system's place for it. */
export function stateDir(env: Env = process.env): string {
  const named = env['DROVER_STATE_DIR'];
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return '/var/lib/drover';
  return join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'drover');
}

/** The file of the store where no database server is named. */
export function storeFile(env: Env = process.env): string {
  return join(stateDir(env), 'drover.db');
}

/** The unix socket on which `drover serve` answers whoever may open it. */
export function socketPath(env: Env = process.env): string {
  const named = env['DROVER_STATE_DIR'];
  if (named !== undefined && named !== '') return join(named, 'drover.sock');
  if (process.getuid?.() === 0) return '/run/drover/drover.sock';
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime === undefined ? join(stateDir(env), 'drover.sock') : join(runtime, 'drover.sock');
}
