import { once } from 'node:events';
import { serve } from '../server/serve.ts';
import type { ServeFlags } from './flags.ts';
import type { Io } from './io.ts';
import { packageVersion } from './version.ts';

/** `drover serve`: until it is told to end; then all migrations are handed over first. */
export async function runServe(io: Io, flags: ServeFlags): Promise<void> {
  // Heard from the start: who is told to end while he begins, ends as soon as he has begun.
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const served = await serve({
    ...flags,
    version: packageVersion(),
    // A journal keeps what it hears, and a link is for one reader.
    private: process.stderr.isTTY,
    say: (text) => io.err.write(`${text}\n`),
  });
  await told;
  await served.stop();
}
