import { createRoute, type OpenAPIHono, type RouteConfig, type z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { problem } from '../api/common.ts';
import type { Asker } from '../controller/asker.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { Role } from '../store/rows.ts';
import { may } from './auth.ts';
import type { ServerEnv } from './env.ts';

export type App = OpenAPIHono<ServerEnv>;

/** Who asks, as the controller has to know it. */
export function askerOf(context: Context<ServerEnv>): Asker {
  const { who, from } = context.get('principal');
  return { who, from };
}

/** Lets only those pass that may do what this role is needed for. */
export function needs(role: Role): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const principal = context.get('principal');
    if (!may(principal.role, role))
      throw new DroverError(
        'auth.forbidden',
        `${principal.who} is ${principal.role}; this needs ${role}`,
      );
    await next();
  };
}

/** What all routes of the API have in common. */
export function route<
  const Path extends string,
  const Rest extends Pick<RouteConfig, 'method' | 'request'>,
  Answer extends z.ZodType,
>(role: Role, summary: string, path: Path, rest: Rest, answer: Answer, status: 200 | 201 = 200) {
  return createRoute({
    path,
    ...rest,
    summary,
    'x-role': role,
    security: [{ bearer: [] }],
    middleware: [needs(role)] as const,
    responses: {
      [status]: {
        description: 'Done',
        content: { 'application/json': { schema: answer } },
      },
      default: {
        description: 'An error',
        content: { 'application/problem+json': { schema: problem } },
      },
    },
  });
}

/** A JSON body of this form. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return {
    body: { required: true, content: { 'application/json': { schema } } },
  } as const;
}

/** What a database can compare with; no thing is changed so often. */
const highestRevision = 2 ** 31 - 1;

/** The revision that If-Match names; `undefined` where it names none. */
export function ifRevision(context: Context<ServerEnv>): number | undefined {
  const header = context.req.header('if-match');
  if (header === undefined || header === '*') return undefined;
  const match = /^"(\d{1,15})"$/.exec(header);
  if (match?.[1] !== undefined) return Math.min(Number(match[1]), highestRevision);
  throw new DroverError('usage.invalid', 'If-Match: expected the ETag of an answer, as "3"');
}

export function etag(context: Context<ServerEnv>, revision: number): void {
  context.header('ETag', `"${revision}"`);
}
