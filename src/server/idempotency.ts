import { createHash } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { DroverError } from '../errors/catalogue.ts';
import type { Store } from '../store/store.ts';
import type { ServerEnv } from './env.ts';

const longestKey = 200;
/** Their answers hold a secret, which is kept nowhere. */
const secretPaths: readonly string[] = ['/v1/tokens'];
/** To do these again does no more: the same migration is meant, or nothing is touched. */
const recognised: readonly string[] = ['/v1/migrations', '/v1/adoptions', '/v1/forecasts'];

/**
 * A POST that carries an Idempotency-Key is done once: whoever asks again gets the first answer.
 * One that failed on our side is forgotten, so that it can be tried again.
 */
export function onceOnly(store: Store, wallMs: () => number): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const key = context.req.header('idempotency-key');
    context.set('requestKey', key);
    if (context.req.method !== 'POST' || key === undefined) return next();
    if (key.length === 0 || key.length > longestKey)
      throw new DroverError('usage.invalid', `Idempotency-Key: expected 1 to ${longestKey} signs`);
    const { who } = context.get('principal');
    const fingerprint = await fingerprintOf(context);
    const taken = await store.requests.take({ who, key, fingerprint }, wallMs());
    if (taken !== 'taken') return answerAgain(context, taken, fingerprint, next);
    await next();
    await remember(store, context, who, key);
  };
}

async function remember(
  store: Store,
  context: Context<ServerEnv>,
  who: string,
  key: string,
): Promise<void> {
  const { status } = context.res;
  if (status >= 500) return store.requests.drop(who, key);
  if (status < 400 && secretPaths.includes(context.req.path)) return;
  const body = await context.res.clone().text();
  await store.requests.answer(who, key, { status, body });
}

async function answerAgain(
  context: Context<ServerEnv>,
  known: Exclude<Awaited<ReturnType<Store['requests']['take']>>, 'taken'>,
  fingerprint: string,
  next: () => Promise<void>,
): Promise<Response | undefined> {
  if (known.fingerprint !== fingerprint)
    throw new DroverError(
      'request.reused-key',
      'This Idempotency-Key was used for another request',
      { hint: 'Each request has a key of its own; only its retries have the same.' },
    );
  const { answer } = known;
  if (answer !== undefined) {
    const type = answer.status < 400 ? 'application/json' : 'application/problem+json';
    return new Response(answer.body, {
      status: answer.status,
      headers: { 'content-type': type, 'idempotency-replayed': 'true' },
    });
  }
  if (recognised.includes(context.req.path)) {
    await next();
    return undefined;
  }
  throw new DroverError('request.under-way', 'The same request is under way, or was cut off', {
    hint: 'Look whether it was done; ask with a new key if it was not.',
  });
}

async function fingerprintOf(context: Context<ServerEnv>): Promise<string> {
  const hash = createHash('sha256');
  const { pathname, search } = new URL(context.req.url);
  hash.update(`${context.req.method} ${pathname}${search}\n`);
  hash.update(new Uint8Array(await context.req.arrayBuffer()));
  return hash.digest('hex');
}
