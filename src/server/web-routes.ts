import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { ServerEnv } from './env.ts';
import type { App } from './route.ts';
import { type WebFile, type WebFiles, webFiles } from './web-files.ts';

/** Nothing but our own files, no script or style within a page, and no page around ours. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const guards = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** The pages of the dashboard: which one it is, its script finds out. */
const pages = [
  '/',
  '/drains',
  '/drains/*',
  '/migrations',
  '/migrations/*',
  '/hosts',
  '/policy',
  '/audit',
];

/** Built files have their content's sum in their names: they never change. */
const forGood = 'public, max-age=31536000, immutable';

/** The dashboard itself, for everybody: what it shows, it asks the API for. */
export function webRoutes(app: App, log: (message: string, error: unknown) => void): void {
  let known: Promise<WebFiles> | undefined;
  const files = async (): Promise<WebFiles> => {
    known ??= webFiles().catch((error: unknown) => {
      known = undefined;
      log('the dashboard cannot be shown', error);
      return new Map<string, WebFile>();
    });
    return known;
  };
  app.on('GET', pages, async (context) => {
    const page = (await files()).get('/index.html');
    if (page === undefined) return context.text(missing, 503, guards);
    return answer(context, page, 'no-cache');
  });
  app.get('/assets/:name', async (context, next) => {
    const file = (await files()).get(`/assets/${context.req.param('name')}`);
    return file === undefined ? next() : answer(context, file, forGood);
  });
}

const missing =
  'The dashboard is not built: run `npm run build`. The API and the commands work without it.\n';

function answer(context: Context<ServerEnv>, file: WebFile, keeping: string): Response {
  const etag = `"${createHash('sha256').update(file.body).digest('base64url')}"`;
  const headers = { ...guards, 'cache-control': keeping, etag, vary: 'accept-encoding' };
  if (context.req.header('if-none-match') === etag) return context.body(null, 304, headers);
  const type = { ...headers, 'content-type': file.type };
  if (!/\bgzip\b/.test(context.req.header('accept-encoding') ?? ''))
    return context.body(file.body, 200, type);
  return context.body(file.gzipped, 200, { ...type, 'content-encoding': 'gzip' });
}
