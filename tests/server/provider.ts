import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { z } from 'zod';

export type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

/** An identity provider, at which everybody is logged in already. */
export interface Provider {
  readonly url: string;
  readonly keys: Keys;
  /** What it does to the next who come. */
  readonly mood: Mood;
  end(): Promise<void>;
}

export interface Mood {
  /** Beside who it is and for whom; what is `undefined` is left out. */
  claims: Readonly<Record<string, unknown>>;
  /** It refuses to log anybody in. */
  refuses: boolean;
  /** Another key than the one that it publishes. */
  signsWith: Keys | undefined;
}

/** What a browser was sent with, by the code that it got. */
interface Asked {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly nonce: string;
  readonly challenge: string;
}

/** `named`: what it calls itself, where that is not its address. */
export async function openProvider(named?: string): Promise<Provider> {
  const keys = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const mood: Mood = { claims: {}, refuses: false, signsWith: undefined };
  const asked = new Map<string, Asked>();
  const about = (): unknown => ({
    issuer: named ?? url,
    jwks_uri: `${url}/keys`,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  const answers: Readonly<
    Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void> | void>
  > = {
    '/.well-known/openid-configuration': (_, response) => tell(response, about()),
    '/keys': (_, response) => tell(response, { keys: [jwk] }),
    '/authorize': (request, response) => authorize(new URL(request.url ?? '', url), response),
    '/token': async (request, response) => {
      const form = new URLSearchParams(await text(request));
      const known = asked.get(form.get('code') ?? '');
      asked.delete(form.get('code') ?? '');
      if (known === undefined || !fits(known, form)) {
        response.statusCode = 400;
        tell(response, { error: 'invalid_grant' });
        return;
      }
      const token = await signed(known);
      tell(response, { access_token: 'a', token_type: 'Bearer', id_token: token });
    },
  };
  const authorize = (from: URL, response: ServerResponse): void => {
    const wanted = (name: string): string => from.searchParams.get(name) ?? '';
    const to = new URL(wanted('redirect_uri'));
    const code = randomUUID();
    asked.set(code, {
      clientId: wanted('client_id'),
      redirectUri: wanted('redirect_uri'),
      nonce: wanted('nonce'),
      challenge: wanted('code_challenge'),
    });
    to.searchParams.set('state', wanted('state'));
    if (mood.refuses) to.searchParams.set('error', 'access_denied');
    else to.searchParams.set('code', code);
    response.writeHead(302, { location: to.href }).end();
  };
  const signed = ({ clientId, nonce }: Asked): Promise<string> =>
    new SignJWT({ sub: 'alice', nonce, ...mood.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(url)
      .setAudience(clientId)
      .setIssuedAt()
      .setExpirationTime('5 min')
      .sign((mood.signsWith ?? keys).privateKey);
  const server = createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '/', url).pathname];
    void answer?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    keys,
    mood,
    end: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function tell(response: ServerResponse, what: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(what));
}

/** Whether who brings the code is who asked for it: RFC 7636, S256. */
function fits({ clientId, redirectUri, challenge }: Asked, form: URLSearchParams): boolean {
  const verifier = form.get('code_verifier') ?? '';
  return (
    form.get('client_id') === clientId &&
    form.get('redirect_uri') === redirectUri &&
    createHash('sha256').update(verifier).digest('base64url') === challenge
  );
}
