import { AuthenticationError } from '../errors.ts';
import type { KeepAliveOptions } from './keep-alive.ts';
import type { CallOptions } from './pending-call.ts';
import type { RpcConnection } from './rpc-connection.ts';

const authentication = { none: 0, sasl: 1, polkit: 2 } as const;
/** Asking for it makes the daemon probe us, too. */
const keepAliveFeature = 10;
const readOnlyFlag = 1;

export interface OpenRequest {
  /** The URI as the daemon itself knows it, such as `qemu:///system`. */
  readonly remoteUri: string;
  readonly readOnly: boolean;
  readonly keepAlive: KeepAliveOptions | false;
}

/** Authenticates, agrees on keepalive and opens the hypervisor. */
export async function open(
  rpc: RpcConnection,
  request: OpenRequest,
  options: CallOptions,
): Promise<void> {
  await authenticate(rpc, options);
  if (request.keepAlive !== false) {
    const supported = await rpc.call(
      'connectSupportsFeature',
      { feature: keepAliveFeature },
      options,
    );
    if (supported !== 0) rpc.startKeepAlive(request.keepAlive);
  }
  const flags = request.readOnly ? readOnlyFlag : 0;
  await rpc.call('connectOpen', { name: request.remoteUri, flags }, options);
}

async function authenticate(rpc: RpcConnection, options: CallOptions): Promise<void> {
  const offered = await rpc.call('authList', undefined, options);
  if (offered.length === 0 || offered.includes(authentication.none)) return;
  if (offered.includes(authentication.polkit)) return authenticateByPolkit(rpc, options);
  const names = offered.map((type) => (type === authentication.sasl ? 'SASL' : `type ${type}`));
  throw new AuthenticationError(
    `the daemon demands ${names.join(' or ')} authentication, which this client does not have`,
  );
}

async function authenticateByPolkit(rpc: RpcConnection, options: CallOptions): Promise<void> {
  const complete = await rpc.call('authPolkit', undefined, options);
  if (complete === 0) throw new AuthenticationError('polkit did not let this user in');
}
