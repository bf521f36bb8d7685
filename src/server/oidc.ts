import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import type { Role } from '../store/rows.ts';
import type { Principal } from './env.ts';
import { required } from './required.ts';
import { roleFor } from './role-for.ts';

/** Whose tokens are accepted, and which claim makes which role. */
export interface OidcSettings {
  readonly issuer: string;
  readonly audience: string;
  /** The claim that has one word or several. */
  readonly roleClaim: string;
  readonly roles: Readonly<Record<string, Role>>;
}

/** Somebody whom the issuer knows, with the role that he has here. */
export type Known = Pick<Principal, 'who' | 'role'>;

export interface OidcVerifier {
  /** Rejects with `auth.required` where the token is not valid, `auth.forbidden` without a role. */
  verify(jwt: string): Promise<Known>;
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const answerMs = 5_000;
const strongest: readonly Role[] = ['admin', 'operator', 'viewer'];

/** Asks the issuer for its keys when the first token comes, and again as jose sees fit. */
export function oidcVerifier(settings: OidcSettings): OidcVerifier {
  let keys: ReturnType<typeof keysOf> | undefined;
  return {
    async verify(jwt) {
      keys ??= keysOf(settings.issuer);
      const known = await keys.catch((error: unknown) => {
        keys = undefined;
        throw error;
      });
      const { issuer, audience } = settings;
      const checks = { issuer, audience, requiredClaims: ['exp'] };
      const { payload } = await jwtVerify(jwt, known, checks).catch((error: unknown) => {
        throw isOfToken(error)
          ? required(`The token is not valid: ${error.code}`)
          : silent(issuer, error);
      });
      return knownAs(payload, settings);
    },
  };
}

/** Rejects with `auth.forbidden` for somebody who has no role. */
export function knownAs(
  claims: { readonly sub?: string | undefined; readonly [claim: string]: unknown },
  settings: Pick<OidcSettings, 'roleClaim' | 'roles'>,
): Known {
  const who = claims.sub;
  if (who === undefined) throw required('The token names nobody');
  return { who, role: roleOf(claims[settings.roleClaim], settings, who) };
}

async function keysOf(issuer: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerMs) });
    const { issuer: named, jwks_uri: jwksUri } = discovery.parse(await answer.json());
    if (named !== issuer) throw new Error(`it calls itself ${named}`);
    return createRemoteJWKSet(new URL(jwksUri));
  } catch (cause) {
    throw silent(issuer, cause);
  }
}

function silent(issuer: string, cause: unknown): DroverError {
  const message = `The issuer ${issuer} cannot be asked for its keys`;
  return new DroverError('server.unreachable', message, { cause });
}

/** What is wrong with the token, and not with the way to the keys that it is checked by. */
function isOfToken(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== errors.JOSEError.code
  );
}

function roleOf(
  claim: unknown,
  { roles, roleClaim }: Pick<OidcSettings, 'roleClaim' | 'roles'>,
  who: string,
): Role {
  const words: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const given = words.flatMap((word) =>
    typeof word === 'string' ? (roleFor(roles, word) ?? []) : [],
  );
  const role = strongest.find((one) => given.includes(one));
  if (role !== undefined) return role;
  throw new DroverError('auth.forbidden', `${who} has no role here`, {
    hint: `The claim ${roleClaim} gives one, by server.oidc.roles in the config file.`,
  });
}
