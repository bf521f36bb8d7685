import type { EventDispatcher } from './event-dispatcher.ts';
import type { ChannelPool } from './rpc/channel-pool.ts';
import type { RpcConnection } from './rpc/rpc-connection.ts';

/** What domains and the connection share to reach one daemon. */
export interface Session {
  readonly rpc: RpcConnection;
  /** Where calls go that last as long as a migration. */
  readonly channels: ChannelPool;
  readonly events: EventDispatcher;
}
