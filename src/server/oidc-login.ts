import { readFile } from 'node:fs/promises';
import * as client from 'openid-client';
import { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { type Known, knownAs, type OidcSettings } from './oidc.ts';
import { required } from './required.ts';

/** How people log in at the identity provider with their browser. */
export interface OidcLoginSettings extends Pick<OidcSettings, 'issuer' | 'roleClaim' | 'roles'> {
  readonly clientId: string;
  /** Without one the client is public: PKCE alone protects it. */
  readonly clientSecretFile?: string | undefined;
  readonly scope: string;
  /** Where browsers find this server. */
  readonly publicUrl: string;
}

/** What the browser brings back from the provider is held against this. */
export const loginTicket = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
});
export type LoginTicket = z.output<typeof loginTicket>;

/** Rejects with `server.unreachable` where the provider cannot be asked. */
export interface OidcLogin {
  readonly issuer: string;
  /** Browsers come by TLS. */
  readonly secure: boolean;
  /** Where the browser is sent, and what it has to bring back. */
  begin(): Promise<{ readonly url: URL; readonly ticket: LoginTicket }>;
  /**
   * Who came back with this query. Rejects with `auth.required` where that does not fit the ticket, or the
   * provider refused; `auth.forbidden` for somebody who has no role.
   */
  finish(query: string, ticket: LoginTicket): Promise<Known>;
}

/** Where the provider sends browsers back to, below the server's own address. */
export const callbackPath = '/login/oidc/callback';

/** The authorization code flow with PKCE. The provider is asked about itself when the first one comes. */
export function oidcLogin(settings: OidcLoginSettings): OidcLogin {
  const { issuer, publicUrl } = settings;
  const callback = new URL(callbackPath, publicUrl);
  let found: Promise<client.Configuration> | undefined;
  const provider = async (): Promise<client.Configuration> => {
    found ??= discover(settings).catch((cause: unknown) => {
      found = undefined;
      const message = `The identity provider ${issuer} cannot be asked`;
      throw new DroverError('server.unreachable', message, { cause });
    });
    return found;
  };
  return {
    issuer,
    secure: callback.protocol === 'https:',
    begin: async () => {
      const ticket = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(await provider(), {
        redirect_uri: callback.href,
        scope: settings.scope,
        state: ticket.state,
        nonce: ticket.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(ticket.verifier),
        code_challenge_method: 'S256',
      });
      return { url, ticket };
    },
    finish: async (query, { state, nonce, verifier }) => {
      const config = await provider();
      const came = new URL(callback);
      came.search = query;
      const checks = {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      };
      const tokens = await client
        .authorizationCodeGrant(config, came, checks)
        .catch((cause: unknown) => {
          throw required('The identity provider did not confirm who it is', { cause });
        });
      return knownAs(tokens.claims() ?? {}, settings);
    },
  };
}

async function discover(settings: OidcLoginSettings): Promise<client.Configuration> {
  const { issuer, clientId, clientSecretFile } = settings;
  const secret =
    clientSecretFile === undefined ? undefined : (await readFile(clientSecretFile, 'utf8')).trim();
  const server = new URL(issuer);
  // An admin who writes http means it: a provider on the same machine.
  const plain = server.protocol === 'http:' ? [client.allowInsecureRequests] : [];
  return client.discovery(
    server,
    clientId,
    undefined,
    secret === undefined ? client.None() : client.ClientSecretPost(secret),
    { execute: [client.enableNonRepudiationChecks, ...plain] },
  );
}
