import type { RpcConnection } from './rpc-connection.ts';

/** Long calls that one connection carries: fewer than it may have in flight, to say goodbye on. */
const mostUsers = 3;

interface Channel {
  readonly connection: Promise<RpcConnection>;
  users: number;
}

/**
 * Connections for calls that last as long as a migration. They stay off the connection that the
 * short calls use, which would otherwise run out of places at the daemon.
 */
export class ChannelPool {
  readonly #open: () => Promise<RpcConnection>;
  readonly #channels = new Set<Channel>();
  #closed = false;

  constructor(open: () => Promise<RpcConnection>) {
    this.#open = open;
  }

  /** Runs `task` on a connection that has room, or on a new one. */
  async run<T>(task: (connection: RpcConnection) => Promise<T>): Promise<T> {
    const channel = this.#vacant();
    channel.users += 1;
    try {
      return await task(await channel.connection);
    } finally {
      channel.users -= 1;
      await this.#releaseIdle(channel);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const channels = [...this.#channels];
    this.#channels.clear();
    await Promise.all(channels.map(closeChannel));
  }

  #vacant(): Channel {
    for (const channel of this.#channels) if (channel.users < mostUsers) return channel;
    const channel: Channel = { connection: this.#connect(), users: 0 };
    this.#channels.add(channel);
    const forget = (): void => void this.#channels.delete(channel);
    channel.connection.then((connection) => connection.ended.then(forget), forget);
    return channel;
  }

  async #connect(): Promise<RpcConnection> {
    const connection = await this.#open();
    if (this.#closed) await connection.close();
    return connection;
  }

  async #releaseIdle(channel: Channel): Promise<void> {
    if (channel.users > 0 || !this.#channels.delete(channel)) return;
    await closeChannel(channel);
  }
}

/** One that never opened has told its users so already. */
async function closeChannel(channel: Channel): Promise<void> {
  const [opened] = await Promise.allSettled([channel.connection]);
  if (opened.status === 'fulfilled') await opened.value.close();
}
