import { z } from 'zod';
import { problem } from '../../src/api/common.ts';
import { catalogue } from '../../src/errors/catalogue.ts';
import { may } from '../../src/server/auth.ts';
import type { FuzzedRequest } from './arbitraries.ts';
import type { OpenApi, Operation } from './document.ts';
import type { Persona } from './personas.ts';

/** Whether somebody was let in who may not, or sent away who may. */
export function* wrongDoor(
  route: Operation,
  { role }: Persona,
  { headers }: FuzzedRequest,
  status: number,
): Generator<string> {
  // How large a request is, and whether its key is a new one, is looked at first.
  if (status === 413) return;
  if (role === undefined) {
    if (status !== 401) yield `${status}, and not 401`;
    return;
  }
  if (status === 401) yield '401 for one who is known';
  const mayAsk = may(role, route['x-role']);
  if (mayAsk && status === 403) yield '403 for one who may';
  const keyed = 'idempotency-key' in headers && status >= 400;
  if (!mayAsk && status !== 403 && !keyed) yield `${status}, and not 403`;
}

/** A host that is not there, and a VM that leaves its host while it is looked at, are no fault of the server's. */
const allowedFaults: readonly string[] = ['host.unreachable', 'hypervisor.failed'];

export function* wrongProblem(answer: Response, text: string): Generator<string> {
  if (!answer.headers.get('content-type')?.startsWith('application/problem+json')) {
    yield 'no problem document';
    return;
  }
  const told = problem.safeParse(json(text));
  if (!told.success) yield 'no whole problem document';
  else if (told.data.status !== answer.status) yield 'another status than it says';
  else if (!Object.hasOwn(catalogue, told.data.code)) yield 'an unknown code';
  else if (answer.status >= 500 && !allowedFaults.includes(told.data.code)) yield 'a fault';
}

export function* misfit(schema: z.ZodType, value: unknown): Generator<string> {
  const read = schema.safeParse(value);
  if (!read.success) yield `not as its schema has it: ${z.prettifyError(read.error)}`;
}

/** The schema of what a route answers when it has done what it was asked for. */
export function answerOf(document: OpenApi, { responses }: Operation): z.ZodType {
  const { content = {} } = responses['200'] ?? responses['201'] ?? {};
  const [{ schema = {} } = {}] = Object.values(content);
  const whole = { ...schema, $defs: document.components.schemas };
  const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/');
  return z.fromJSONSchema(JSON.parse(text));
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON fits no schema.
    return undefined;
  }
}
