import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { audited } from '../controller/audit.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { Role } from '../store/rows.ts';
import { type AuthOptions, authenticate, newSecret, tokenOf } from './auth.ts';
import type { Deps } from './deps.ts';
import type { Principal, ServerEnv } from './env.ts';
import type { App } from './route.ts';
import type { OnceCodes } from './web-once.ts';

/** What the dashboard's session routes need beside the API's own. */
export interface SessionOptions extends Deps {
  readonly auth: AuthOptions;
  readonly once: OnceCodes;
}

/** Over TLS its name makes browsers refuse it from anybody but this very host. */
const cookieNames = { tls: '__Host-drover', plain: 'drover' } as const;
/** More than this no browser keeps in one cookie. */
const mostCookieBytes = 4_000;
/** Who came by the link, or by the identity provider, has to come again after a shift, ms. */
const sessionMs = 12 * 3_600_000;
const onceName = 'login link';
/** Tokens that were made for a browser alone: these are their names. */
const browsersOwn = /^login (?:link$|of )/;
const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

const login = z.union([
  z.strictObject({
    token: z
      .string()
      .regex(/^[\w.~+/-]+=*$/)
      .max(mostCookieBytes),
  }),
  z.strictObject({ once: z.string().max(100) }),
]);

/**
 * What a request is authorized by: its header, or else the cookie that the dashboard got. A browser
 * sends a cookie whoever makes it ask, so what changes anything must come from our own pages.
 */
export function credentialOf(context: Context<ServerEnv>): string | undefined {
  const header = context.req.header('authorization');
  if (header !== undefined) return header;
  const token = cookieOf(context);
  if (token === undefined) return undefined;
  if (!safeMethods.includes(context.req.method)) refuseStrangers(context);
  return `Bearer ${token}`;
}

/** Logging in and out: a token, or a link's code, for a cookie that no script can read. */
export function sessionRoutes(app: App, options: SessionOptions): void {
  app.post('/session', bodyLimit({ maxSize: 2 * mostCookieBytes }), async (context) => {
    refuseStrangers(context);
    const wanted = login.safeParse(await context.req.json().catch(() => undefined));
    if (!wanted.success) throw new DroverError('usage.invalid', 'It is no token');
    const { data } = wanted;
    const token = 'once' in data ? await tokenByCode(options, data.once) : data.token;
    const principal = await whoHas(options, context, token);
    keepSession(context, token, originOf(context)?.protocol === 'https:');
    const { who, role, by } = principal;
    return context.json({ who, role, by }, 201);
  });
  app.delete('/session', async (context) => {
    refuseStrangers(context);
    const token = cookieOf(context);
    for (const [kind, name] of Object.entries(cookieNames))
      deleteCookie(context, name, { path: '/', secure: kind === 'tls' });
    const row = token === undefined ? undefined : await tokenOf(options.auth, token);
    // What was made for this browser alone ends with it; anybody's own token stays his.
    if (row !== undefined && browsersOwn.test(row.name))
      await options.controller.store.tokens.revoke(row.id, options.wallMs());
    return context.body(null, 204);
  });
}

async function whoHas(
  { auth }: SessionOptions,
  context: Context<ServerEnv>,
  token: string,
): Promise<Principal> {
  const { peer } = context.env;
  // Who has the socket needs no session: what is asked is whether the token is good.
  const asked = peer.kind === 'network' ? peer : { ...local, address: 'local' };
  return authenticate(auth, asked, `Bearer ${token}`);
}

const local = { kind: 'network', certificate: undefined } as const;

async function tokenByCode(options: SessionOptions, code: string): Promise<string> {
  if (!options.once.take(code))
    throw new DroverError('auth.required', 'The link has been used, or is too old', {
      hint: 'Start `drover serve` anew for another one, or log in with a token: `drover token create` on the server makes one.',
    });
  return sessionToken(options, onceName, 'admin');
}

/** A token for one browser, which ends with the shift. */
export async function sessionToken(
  { controller, wallMs, log }: SessionOptions,
  name: string,
  role: Role,
): Promise<string> {
  const at = wallMs();
  const { secret, hash } = newSecret();
  const row = { id: randomUUID(), name, role, createdAt: at } as const;
  const by = { who: name, from: 'local' };
  const deed = { what: 'token.create', subject: name, details: { role } };
  await audited({ store: controller.store, at, log }, by, deed, async () =>
    controller.store.tokens.create({ ...row, expiresAt: at + sessionMs }, hash),
  );
  return secret;
}

/** Without an age: it goes when the browser does. */
export function keepSession(context: Context<ServerEnv>, token: string, tls: boolean): void {
  setCookie(context, tls ? cookieNames.tls : cookieNames.plain, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: tls,
  });
}

function cookieOf(context: Context<ServerEnv>): string | undefined {
  return getCookie(context, cookieNames.tls) ?? getCookie(context, cookieNames.plain);
}

/** A browser says which page asks; no page can say so for another. */
function refuseStrangers(context: Context<ServerEnv>): void {
  const origin = originOf(context);
  if (origin !== undefined && origin.host === context.req.header('host')) return;
  throw new DroverError('auth.forbidden', 'This was not asked by a page of this server', {
    hint: 'Use the dashboard under the address at which it was opened; programs send a token in Authorization.',
  });
}

function originOf(context: Context<ServerEnv>): URL | undefined {
  const origin = context.req.header('origin');
  return origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined;
}
