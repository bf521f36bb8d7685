import type { Problem } from '../api/common.ts';

/** What the server refused, or that it did not answer: `status` is 0 then. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: number, { detail, code, hint }: Pick<Problem, 'detail' | 'code' | 'hint'>) {
    super(detail);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

interface Asked {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Asks the API; the cookie says who does. The answer is of this very server's version, and so of
 * the type that its schemas have. Rejects with an ApiError.
 */
export async function ask<T>(path: string, asked: Asked = {}): Promise<T> {
  const response = await send(path, asked);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** As `ask`, for answers that are no JSON. */
export async function send(path: string, asked: Asked = {}): Promise<Response> {
  const { method = 'GET', body, headers = {}, signal } = asked;
  const response = await fetch(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      // A button that is pressed twice on a bad line does once what it says.
      ...(method === 'POST' ? { 'idempotency-key': newKey() } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    throw cause instanceof DOMException && cause.name === 'AbortError' ? cause : silent();
  });
  if (response.ok) return response;
  throw await errorOf(response);
}

/** A path with what is set of its query. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.append(name, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

function silent(): ApiError {
  return new ApiError(0, {
    code: 'server.unreachable',
    detail: 'The server does not answer',
    hint: 'Is `drover serve` running, and the network up?',
  });
}

async function errorOf(response: Response): Promise<ApiError> {
  const unknown = { code: 'server.failed', detail: `The server answered ${response.status}` };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- errors of the API are problems
  const problem = (await response.json().catch(() => unknown)) as Problem;
  return new ApiError(response.status, problem.code === undefined ? unknown : problem);
}

/** crypto.randomUUID is for secure contexts only, and a server may be reached without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
