import { Connection } from './connection.ts';
import { ArgumentError, TransportError } from './errors.ts';
import { EventDispatcher } from './event-dispatcher.ts';
import { ChannelPool } from './rpc/channel-pool.ts';
import { open } from './rpc/handshake.ts';
import type { KeepAliveOptions } from './rpc/keep-alive.ts';
import { RpcConnection } from './rpc/rpc-connection.ts';
import type { ByteStream } from './transport/transport.ts';

export interface ConnectOptions {
  /** Time for each call that names none, waiting for its turn included; 0 sets no limit. */
  readonly callTimeoutMs?: number | undefined;
  /** Time to reach the daemon and to open the hypervisor. */
  readonly connectTimeoutMs?: number | undefined;
  /** Probes that notice a silent daemon. */
  readonly keepAlive?: KeepAliveOptions | false | undefined;
  readonly readOnly?: boolean | undefined;
  /** Gives up connecting; a connection that was made is not touched. */
  readonly signal?: AbortSignal | undefined;
}

export const defaults = {
  /** Longer than the 30 s for which the daemon itself waits for a domain's lock. */
  callTimeoutMs: 35_000,
  connectTimeoutMs: 10_000,
  keepAlive: { intervalMs: 5000, count: 5 },
  mostQueuedCalls: 4096,
} as const;

/** Opens a byte stream to the daemon. */
export type Reach = (signal: AbortSignal | undefined) => Promise<ByteStream>;

interface Target {
  /** As the caller wrote it. */
  readonly uri: string;
  /** As the daemon itself knows it. */
  readonly remoteUri: string;
  readonly reach: Reach;
}

/** Connects over streams that `reach` opens: one now, more when migrations need them. */
export async function connectOver(target: Target, options: ConnectOptions): Promise<Connection> {
  const events = new EventDispatcher();
  const openRpc = (signal: AbortSignal | undefined): Promise<RpcConnection> =>
    openConnection(target, options, events, signal);
  const rpc = await openRpc(options.signal);
  const channels = new ChannelPool(() => openRpc(undefined));
  return new Connection(target.uri, { rpc, channels, events });
}

async function openConnection(
  target: Target,
  options: ConnectOptions,
  events: EventDispatcher,
  signal: AbortSignal | undefined,
): Promise<RpcConnection> {
  const keepAlive = keepAliveOf(options);
  const rpc = new RpcConnection(await target.reach(signal), {
    callTimeoutMs: options.callTimeoutMs ?? defaults.callTimeoutMs,
    mostQueuedCalls: defaults.mostQueuedCalls,
    onEvent: events.note,
  });
  const request = { remoteUri: target.remoteUri, readOnly: options.readOnly ?? false, keepAlive };
  const timeoutMs = options.connectTimeoutMs ?? defaults.connectTimeoutMs;
  try {
    await open(rpc, request, { timeoutMs, signal });
  } catch (error) {
    rpc.cut();
    // What broke the line, such as ssh's own words, says more than which call was not answered.
    const ended = await rpc.ended;
    throw ended instanceof TransportError ? ended : error;
  }
  return rpc;
}

function keepAliveOf(options: ConnectOptions): KeepAliveOptions | false {
  const keepAlive = options.keepAlive ?? defaults.keepAlive;
  if (keepAlive === false) return false;
  const { intervalMs, count } = keepAlive;
  if (!(intervalMs > 0) || !(count > 0)) {
    throw new ArgumentError('keepAlive needs an interval and a count above zero');
  }
  return keepAlive;
}
