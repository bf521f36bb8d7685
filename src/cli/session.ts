import { type Client, clientFor } from '../client/client.ts';
import type { Embedded } from './embedded.ts';
import type { ConnectFlags } from './flags.ts';
import type { Io } from './io.ts';
import { whereTo } from './target.ts';

/** A command's way to the API. */
export interface Session {
  readonly client: Client;
  /** Set where no server answers and this process does it by itself. */
  readonly own: Pick<Embedded, 'takeUp' | 'handOver'> | undefined;
}

/** Finds who answers, does the work, and leaves. */
export async function withSession<T>(
  io: Io,
  flags: ConnectFlags,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const where = await whereTo(flags, io.env);
  if (where.kind !== 'embedded') {
    const client = await clientFor(where);
    try {
      return await work({ client, own: undefined });
    } finally {
      await client.close();
    }
  }
  const { embed } = await import('./embedded.ts');
  const embedded = await embed(io, where.config);
  try {
    const client = await clientFor({ kind: 'embedded', fetch: embedded.fetch });
    return await work({ client, own: embedded });
  } finally {
    await embedded.close();
  }
}
