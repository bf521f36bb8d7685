import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { DroverError } from '../errors/catalogue.ts';
import type { ServerEnv } from './env.ts';
import { callbackPath, type LoginTicket, loginTicket, type OidcLogin } from './oidc-login.ts';
import { required } from './required.ts';
import type { App } from './route.ts';
import { keepSession, type SessionOptions, sessionToken } from './web-session.ts';

/** What the dashboard's login needs; without `login` there is none but by token. */
export interface LoginOptions extends SessionOptions {
  readonly login: OidcLogin | undefined;
}

const ticketCookie = 'drover-login';
const ticketPath = '/login';
/** So long somebody may take to log in at the provider, s. */
const ticketSeconds = 600;

/** Logging in by the identity provider: browsers are sent there, and come back with a code. */
export function loginRoutes(app: App, options: LoginOptions): void {
  const { login, log } = options;
  app.get('/login', (context) => context.json({ oidc: login?.issuer ?? null }));
  if (login === undefined) return;
  app.get('/login/oidc', (context) =>
    orTold(context, log, async () => {
      const { url, ticket } = await login.begin();
      // Lax: it has to come along when the provider sends the browser back.
      setCookie(context, ticketCookie, textOf(ticket), {
        path: ticketPath,
        httpOnly: true,
        sameSite: 'Lax',
        secure: login.secure,
        maxAge: ticketSeconds,
      });
      return context.redirect(url.href);
    }),
  );
  app.get(callbackPath, (context) =>
    orTold(context, log, async () => {
      const ticket = ticketOf(getCookie(context, ticketCookie));
      deleteCookie(context, ticketCookie, { path: ticketPath, secure: login.secure });
      const { who, role } = await login.finish(new URL(context.req.url).search, ticket);
      keepSession(context, await sessionToken(options, `login of ${who}`, role), login.secure);
      return context.redirect('/');
    }),
  );
}

/** A person at a browser is told by the page itself; behind the `#` is a code alone, and no words of others. */
async function orTold(
  context: Context<ServerEnv>,
  log: LoginOptions['log'],
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    log('somebody could not log in by the identity provider', error);
    return context.redirect(`/#login=${error.code}`);
  }
}

function textOf(ticket: LoginTicket): string {
  return Buffer.from(JSON.stringify(ticket)).toString('base64url');
}

function ticketOf(text: string | undefined): LoginTicket {
  try {
    return loginTicket.parse(JSON.parse(Buffer.from(text ?? '', 'base64url').toString()));
  } catch (cause) {
    throw required('The login was not begun in this browser, or took too long', { cause });
  }
}
