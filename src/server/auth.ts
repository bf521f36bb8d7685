import { createHash, randomBytes } from 'node:crypto';
import { DroverError } from '../errors/catalogue.ts';
import { type Role, roles, type TokenRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Peer, Principal } from './env.ts';
import type { OidcVerifier } from './oidc.ts';
import { required } from './required.ts';
import { roleFor } from './role-for.ts';

/** How those who come over the network are known. */
export interface AuthOptions {
  readonly store: { readonly tokens: Pick<Store['tokens'], 'byHash' | 'used'> };
  readonly oidc: OidcVerifier | undefined;
  /** The role of each client certificate, by its common name. */
  readonly certificates: Readonly<Record<string, Role>>;
  readonly wallMs: () => number;
  readonly log: (message: string, error: unknown) => void;
}

const tokenBytes = 32;
const tokenPrefix = 'drv_';
/** When a token was last used is written no more often than this, ms. */
const usedEveryMs = 60_000;

/** Who asks. Rejects with `auth.required` where that does not show. */
export async function authenticate(
  options: AuthOptions,
  peer: Peer,
  authorization: string | undefined,
): Promise<Principal> {
  if (peer.kind === 'local') return { who: peer.who, role: 'admin', by: peer.by, from: 'local' };
  const from = peer.address;
  const bearer = bearerOf(authorization);
  if (bearer?.startsWith(tokenPrefix)) return { ...(await byToken(options, bearer)), from };
  if (bearer !== undefined) return { ...(await byOidc(options, bearer)), from };
  const { certificate } = peer;
  const role = certificate === undefined ? undefined : roleFor(options.certificates, certificate);
  if (certificate !== undefined && role !== undefined)
    return { who: certificate, role, by: 'certificate', from };
  throw required('Who asks is not known');
}

/** Whether who asked then would still be known. Rejects where that cannot be said now. */
export async function isStillKnown(...asked: Parameters<typeof authenticate>): Promise<boolean> {
  try {
    await authenticate(...asked);
    return true;
  } catch (error) {
    if (error instanceof DroverError && error.code.startsWith('auth.')) return false;
    throw error;
  }
}

/** Whether a role may do what another one is needed for: each may do what those before it may. */
export function may(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** What is known of a token of ours; `undefined`: it is none. */
export async function tokenOf(
  { store }: Pick<AuthOptions, 'store'>,
  secret: string,
): Promise<TokenRow | undefined> {
  return secret.startsWith(tokenPrefix) ? store.tokens.byHash(hashOf(secret)) : undefined;
}

/** A secret that cannot be guessed, and what is kept of it. */
export function newSecret(): { readonly secret: string; readonly hash: string } {
  const secret = `${tokenPrefix}${randomBytes(tokenBytes).toString('base64url')}`;
  return { secret, hash: hashOf(secret) };
}

function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const match = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization);
  if (match?.[1] !== undefined) return match[1];
  throw required('The Authorization header is no bearer token');
}

async function byToken(
  { store, wallMs, log }: AuthOptions,
  secret: string,
): Promise<Omit<Principal, 'from'>> {
  const token = await store.tokens.byHash(hashOf(secret));
  const now = wallMs();
  if (token === undefined || !valid(token, now)) throw required('The token is not valid');
  // Who has a valid token comes in, also where nothing can be written down.
  if (now - (token.lastUsedAt ?? 0) > usedEveryMs)
    await store.tokens
      .used(token.id, now)
      .catch((error: unknown) => log(`that ${token.name} was here could not be kept`, error));
  return { who: token.name, role: token.role, by: 'token' };
}

function valid({ revokedAt, expiresAt }: TokenRow, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || expiresAt > now);
}

async function byOidc({ oidc }: AuthOptions, jwt: string): Promise<Omit<Principal, 'from'>> {
  if (oidc === undefined) throw required('The token is not valid');
  return { ...(await oidc.verify(jwt)), by: 'oidc' };
}

/** The secret is random, so that its hash need not be slow. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
