import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { DroverError } from '../errors/catalogue.ts';
import { errorOf } from './problem.ts';
import type { Outgoing, Transport } from './transport.ts';

/** One question to the API, and what an answer to it looks like. */
export interface Question<T> {
  readonly method: Outgoing['method'];
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  /** Only where it has this revision still. */
  readonly ifRevision?: number | undefined;
  readonly answer: z.ZodType<T>;
  readonly signal?: AbortSignal | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Waited before each further try, ms. */
const pausesMs = [200, 1_000];

/**
 * Asks, and checks the answer. Rejects with the server's own error; with `server.unreachable`
 * where no answer comes. A lost connection is tried again where a second request does no more than
 * the first: what only reads, and what carries a key by which the server knows it again.
 */
export async function ask<T>(transport: Transport, question: Question<T>): Promise<T> {
  const outgoing = outgoingOf(question);
  const pauses = question.method === 'GET' || question.method === 'POST' ? pausesMs : [];
  const { status, text } = await sendWithin(transport, outgoing, pauses);
  if (status < 200 || status >= 300) throw errorOf(transport.name, status, text);
  return checked(transport.name, question, text);
}

export function pathWith(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.append(name, String(value));
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

export function unreachable(name: string, cause: unknown): DroverError {
  return new DroverError('server.unreachable', `${name} does not answer`, {
    cause: rootOf(cause),
    hint: 'Does `drover serve` run there? --server, DROVER_SERVER and `drover context` say where it is asked for.',
  });
}

function outgoingOf<T>({ method, path, query, body, ifRevision, signal }: Question<T>): Outgoing {
  return {
    method,
    path: pathWith(path, query),
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      ...(ifRevision === undefined ? {} : { 'if-match': `"${ifRevision}"` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function sendWithin(
  transport: Transport,
  outgoing: Outgoing,
  [pauseMs, ...later]: readonly number[],
): Promise<Answer> {
  try {
    const incoming = await transport.send(outgoing);
    return { status: incoming.status, text: await incoming.text() };
  } catch (error) {
    if (outgoing.signal?.aborted === true) throw error;
    if (pauseMs === undefined) throw unreachable(transport.name, error);
    await sleep(pauseMs, undefined, { signal: outgoing.signal });
    return sendWithin(transport, outgoing, later);
  }
}

function checked<T>(name: string, { answer, method, path }: Question<T>, text: string): T {
  const parsed = answer.safeParse(text === '' ? undefined : jsonOf(name, text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  const message = `${name} answered ${method} ${path} in a way that is not understood: ${field}: ${issue?.message}`;
  throw new DroverError('server.failed', message, {
    hint: 'The server is of another version than this command.',
  });
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${name} answered with what is no JSON`;
    throw new DroverError('server.failed', message, { cause });
  }
}

/** The error that says what is wrong lies beneath a "fetch failed". */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
