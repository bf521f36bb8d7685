import type { Role } from '../store/rows.ts';

/** The other end of a request, before it is known who it is. */
export type Peer =
  /** Over the unix socket, or in this process: who may open it, may do everything. */
  | { readonly kind: 'local'; readonly who: string; readonly by: 'socket' | 'embedded' }
  | {
      readonly kind: 'network';
      readonly address: string;
      /** The common name of a client certificate that our CA has signed. */
      readonly certificate: string | undefined;
    };

/** Who asks. */
export interface Principal {
  readonly who: string;
  readonly role: Role;
  readonly by: 'token' | 'oidc' | 'certificate' | 'socket' | 'embedded';
  /** The peer's address, or `local`. */
  readonly from: string;
}

export interface ServerEnv {
  Bindings: { readonly peer: Peer };
  Variables: { principal: Principal; requestKey: string | undefined };
}
