import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where Drover keeps what it remembers: DROVER_STATE_DIR, else the system's place for it. */
export function stateDir(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['DROVER_STATE_DIR'];
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return '/var/lib/drover';
  return join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'drover');
}
