import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oidcVerifier } from '../../src/server/oidc.ts';
import { type AppStage, setAppStage } from '../../src/server/testing/stage-app.ts';
import { type Keys, openProvider, type Provider } from './provider.ts';

let issuer: Provider;
let stage: AppStage;
beforeAll(async () => {
  issuer = await openProvider();
  stage = await setAppStage({ oidc: oidcVerifier(settings(issuer.url)) });
});
afterAll(async () => {
  await stage.end();
  await issuer.end();
});

const roles = {
  'vm-watchers': 'viewer',
  'vm-operators': 'operator',
  'vm-admins': 'admin',
} as const;

function settings(url: string) {
  return { issuer: url, audience: 'drover', roleClaim: 'groups', roles };
}

/** A claim that is `undefined` is left out. */
interface Signed {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly exp?: number | undefined;
  readonly keys?: Keys;
}

const usual = { iss: '', aud: 'drover', sub: 'alice', groups: ['vm-operators'] };
const soon = (): number => Math.floor(Date.now() / 1000) + 300;

async function signed({ claims = {}, keys = issuer.keys, ...rest }: Signed): Promise<string> {
  const exp = 'exp' in rest ? rest.exp : soon();
  const whole: JWTPayload = {
    ...usual,
    iss: issuer.url,
    ...claims,
    ...(exp === undefined ? {} : { exp }),
  };
  return new SignJWT(whole).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(keys.privateKey);
}

async function whoami(token: string, on = stage): Promise<unknown> {
  return (await on.ask('GET', '/v1/whoami', { token })).json();
}

describe('a token of the issuer', () => {
  test.for([
    ['has the role that its claim stands for', ['vm-operators'], 'operator'],
    ['may have one word instead of a list', 'vm-watchers', 'viewer'],
    ['has the most that its claims give', ['vm-watchers', 'vm-admins', 'staff'], 'admin'],
  ] as const)('%s', async ([, groups, role]) => {
    const token = await signed({ claims: { groups } });
    expect(await whoami(token)).toEqual({ who: 'alice', role, by: 'oidc' });
  });

  test.for([
    ['no word that is known', ['staff']],
    ['what every object has by itself', ['constructor', '__proto__']],
    ['no words at all', { 'vm-admins': true }],
  ] as const)('with %s has no role', async ([, groups]) => {
    const token = await signed({ claims: { groups } });
    expect(await whoami(token)).toMatchObject({ status: 403, code: 'auth.forbidden' });
  });

  const invalid: readonly (readonly [string, Signed])[] = [
    ['that has expired', { exp: 1_000_000_000 }],
    ['that never expires', { exp: undefined }],
    ['for somebody else', { claims: { aud: 'mail' } }],
    ['of another issuer', { claims: { iss: 'https://elsewhere.example' } }],
    ['that holds only later', { claims: { nbf: 4_000_000_000 } }],
    ['that names nobody', { claims: { sub: undefined } }],
  ];
  test.for(invalid)('%s is not valid', async ([, how]) => {
    expect(await whoami(await signed(how))).toMatchObject({ status: 401, code: 'auth.required' });
  });

  test('that somebody else has signed is not valid', async () => {
    const keys = await generateKeyPair('RS256');
    expect(await whoami(await signed({ keys }))).toMatchObject({ status: 401 });
  });

  test('that nobody has signed is not valid', async () => {
    const [, claims] = (await signed({})).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await whoami(`${header}.${claims}.`)).toMatchObject({ status: 401 });
  });

  test('that is signed with the public key as if it were a secret is not valid', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(issuer.keys.publicKey)));
    const token = await new SignJWT({ ...usual, iss: issuer.url, exp: soon() })
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(secret);
    expect(await whoami(token)).toMatchObject({ status: 401 });
  });
});

describe('an issuer', () => {
  test('that does not answer is no fault of the token, and is asked again', async () => {
    const gone = await openProvider();
    const other = await setAppStage({ oidc: oidcVerifier(settings(gone.url)) });
    try {
      const token = await signed({ claims: { iss: gone.url }, keys: gone.keys });
      await gone.end();
      for (let times = 0; times < 2; times += 1)
        expect(await whoami(token, other)).toMatchObject({
          status: 502,
          code: 'server.unreachable',
        });
    } finally {
      await other.end();
    }
  });

  test('that calls itself otherwise is not believed', async () => {
    const liar = await openProvider('https://elsewhere.example');
    const other = await setAppStage({ oidc: oidcVerifier(settings(liar.url)) });
    try {
      const token = await signed({ claims: { iss: liar.url }, keys: liar.keys });
      expect(await whoami(token, other)).toMatchObject({ status: 502 });
    } finally {
      await other.end();
      await liar.end();
    }
  });
});
