import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { ZodError } from 'zod';
import { problem } from '../api/common.ts';
import { eventQuery, streamedEvent } from '../api/events.ts';
import { DroverError } from '../errors/catalogue.ts';
import { type AuthOptions, authenticate, isStillKnown } from './auth.ts';
import type { Deps } from './deps.ts';
import type { ServerEnv } from './env.ts';
import { hostRoutes, vmRoutes } from './fleet-routes.ts';
import { onceOnly } from './idempotency.ts';
import { migrationRoutes } from './migration-routes.ts';
import type { OidcLogin } from './oidc-login.ts';
import { operationRoutes } from './operation-routes.ts';
import { otherRoutes, tokenRoutes } from './people-routes.ts';
import { type FieldError, problemOf } from './problems.ts';
import { type Rate, RateLimit } from './rate.ts';
import { type App, needs } from './route.ts';
import { streamEvents } from './stream.ts';
import { loginRoutes } from './web-login.ts';
import type { OnceCodes } from './web-once.ts';
import { webRoutes } from './web-routes.ts';
import { credentialOf, sessionRoutes } from './web-session.ts';

export interface AppOptions extends Deps {
  readonly auth: AuthOptions;
  readonly rate: Rate;
  /** The dashboard is served, too, and these codes open it. */
  readonly web?: OnceCodes;
  /** Its users may log in by the identity provider. */
  readonly login?: OidcLogin | undefined;
  /** Ends the event streams: the server stops. */
  readonly ending: AbortSignal;
}

const mostBodyBytes = 64 * 1024;

/** The whole API over a controller. Who calls it says who the peer is: see ServerEnv. */
export function appOver(options: AppOptions): App {
  const app: App = new OpenAPIHono<ServerEnv>({ defaultHook: refuseInvalid });
  app.onError((error, context) => answerError(error, context, options));
  app.notFound(({ req: { method, path } }) =>
    problemResponse(
      new DroverError('request.unknown', `There is no ${method} ${path}`, {
        hint: '/openapi.json lists what there is.',
      }),
    ),
  );
  // Before the rule that nothing may be kept: its files may.
  if (options.web !== undefined) webRoutes(app, options.log);
  app.use(async (context, next) => {
    await next();
    // Some answers hold a secret, and none is true for long.
    context.header('cache-control', 'no-store');
    options.metrics.answered(context.req.method, context.res.status);
  });
  healthRoutes(app, options);
  if (options.web !== undefined) {
    const session = { ...options, once: options.web, login: options.login };
    sessionRoutes(app, session);
    loginRoutes(app, session);
  }
  app.use('/v1/*', bodyLimit({ maxSize: mostBodyBytes, onError: tooLarge }));
  app.use('/v1/*', async (context, next) => {
    const { peer } = context.env;
    context.set('principal', await authenticate(options.auth, peer, credentialOf(context)));
    await next();
  });
  limitRate(app, options);
  app.use('/v1/*', onceOnly(options.controller.store, options.wallMs));
  hostRoutes(app, options);
  vmRoutes(app, options);
  migrationRoutes(app, options);
  operationRoutes(app, options);
  tokenRoutes(app, options);
  otherRoutes(app, options);
  eventRoute(app, options);
  describeApi(app, options.version);
  return app;
}

/** For whoever watches over the process: without a token, and without anything to learn. */
function healthRoutes(app: App, { controller, metrics, wallMs }: AppOptions): void {
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', (context) => {
    const { storeTrouble } = controller.status();
    if (storeTrouble === undefined) return context.json({ status: 'ready' });
    return context.json({ status: 'the store does not answer' }, 503);
  });
  app.get('/metrics', async (context) =>
    context.text(await metrics.text(controller, wallMs()), 200, {
      'content-type': metrics.registry.contentType,
    }),
  );
}

function limitRate(app: App, { rate }: AppOptions): void {
  const limit = new RateLimit(rate, () => performance.now());
  app.use('/v1/*', async (context, next) => {
    const { who, by } = context.get('principal');
    const waitMs = by === 'embedded' ? 0 : limit.take(who);
    if (waitMs === 0) return next();
    const seconds = Math.ceil(waitMs / 1000);
    const error = new DroverError('request.too-many', `Too many requests of ${who}`, {
      hint: `Ask again in ${seconds} s.`,
    });
    const response = problemResponse(error);
    response.headers.set('retry-after', String(seconds));
    return response;
  });
}

function eventRoute(app: App, options: AppOptions): void {
  const { controller, ending, log, metrics, auth } = options;
  app.get('/v1/events', needs('viewer'), (context) => {
    const known = context.req.header('last-event-id');
    const query = { ...context.req.query(), ...(known === undefined ? {} : { after: known }) };
    const wanted = eventQuery.safeParse(query);
    if (!wanted.success) return refusal(wanted.error, 'query');
    const { peer } = context.env;
    const authorization = credentialOf(context);
    return streamEvents(wanted.data, {
      events: controller.store.events,
      subscribe: (listener) => controller.subscribe(listener),
      ending,
      log,
      mayStill: () => isStillKnown(auth, peer, authorization),
      listening: (change) => metrics.listening(change),
    });
  });
}

function describeApi(app: App, version: string): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of Drover (drv_...) or of the OIDC issuer',
  });
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/events',
    summary: 'All that happens, as server-sent events',
    description:
      'Goes on after the event that Last-Event-ID or `after` names, and begins with what happens now where neither does. An event is called by its type, and its data is an Event. Those of type `progress` have no number and are not kept: their data is a Migration. `reset` says that what was asked for is no longer kept, or never was. Who reads so slowly that 5,000 events wait for him is cut off.',
    'x-role': 'viewer',
    security: [{ bearer: [] }],
    request: { query: eventQuery },
    responses: {
      200: { description: 'Done', content: { 'text/event-stream': { schema: streamedEvent } } },
      default: {
        description: 'An error',
        content: { 'application/problem+json': { schema: problem } },
      },
    },
  });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Drover',
      version,
      description: 'Says what moves, how much it matters and why; never how.',
    },
  });
}

function tooLarge(): never {
  throw new DroverError('request.too-large', `A request may have ${mostBodyBytes} bytes at most`);
}

type Hook = NonNullable<
  NonNullable<ConstructorParameters<typeof OpenAPIHono<ServerEnv>>[0]>['defaultHook']
>;

const refuseInvalid: Hook = (result) =>
  result.success ? undefined : refusal(result.error, result.target);

function refusal(error: ZodError, of: string): Response {
  const whole = of === 'json' ? 'body' : of;
  const errors = error.issues.flatMap((issue) => fieldErrors(issue, whole));
  const [first] = errors;
  const what =
    first === undefined ? 'The request is not valid' : `${first.field}: ${first.message}`;
  return problemResponse(new DroverError('usage.invalid', what), errors);
}

/** What is wrong with one field; of several that nobody knows each is one. */
function fieldErrors(issue: ZodError['issues'][number], whole: string): readonly FieldError[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys')
    return [{ field: path.map(String).join('.') || whole, message }];
  return issue.keys.map((key) => ({
    field: [...path.map(String), key].join('.'),
    message: 'there is no such field',
  }));
}

function answerError(error: unknown, context: Context<ServerEnv>, { log }: AppOptions): Response {
  if (error instanceof HTTPException && error.status < 500)
    return problemResponse(
      new DroverError('usage.invalid', error.message, {
        hint: 'A body is JSON, and says so: Content-Type: application/json.',
      }),
    );
  if (!(error instanceof DroverError) || error.code === 'internal')
    log(`${context.req.method} ${context.req.path} failed`, error);
  return problemResponse(error);
}

function problemResponse(error: unknown, errors: readonly FieldError[] = []): Response {
  const answer = problemOf(error, errors);
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (answer.status === 401) headers.set('www-authenticate', 'Bearer');
  return new Response(JSON.stringify(answer.problem), { status: answer.status, headers });
}
