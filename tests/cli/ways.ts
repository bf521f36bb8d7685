import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Ended, ended, saidBy, startDrover } from './drover.ts';

/** One way in which commands find the service; every scenario is run in each. */
export interface Way {
  /** Starts a command that goes this way. */
  start(...args: readonly string[]): ChildProcess;
  /** Runs one to its end. */
  run(...args: readonly string[]): Promise<Ended>;
  end(): Promise<void>;
}

export const wayNames = ['embedded', 'against a server'] as const;
export type WayName = (typeof wayNames)[number];

/** `dir`: for what this way keeps. */
export async function openWay(name: WayName, dir: string, config: string): Promise<Way> {
  const env = {
    DROVER_STATE_DIR: join(dir, name === 'embedded' ? 'state' : 'server-state'),
    XDG_CONFIG_HOME: dir,
  };
  if (name === 'embedded') {
    const start = (...args: readonly string[]): ChildProcess =>
      startDrover([...args, '--config', config], env);
    return { start, run: (...args) => ended(start(...args)), end: async () => undefined };
  }
  const socket = join(dir, 'drover.sock');
  const server = startDrover(
    ['serve', '--config', config, '--listen', '127.0.0.1:0', '--socket', socket],
    env,
  );
  const closed = once(server, 'close');
  await saidBy(server, /Serving on/);
  const start = (...args: readonly string[]): ChildProcess =>
    startDrover(args, { XDG_CONFIG_HOME: dir, DROVER_STATE_DIR: dir, DROVER_SERVER: socket });
  return {
    start,
    run: (...args) => ended(start(...args)),
    end: async () => {
      server.kill('SIGTERM');
      await closed;
    },
  };
}
