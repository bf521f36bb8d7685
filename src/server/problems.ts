import type { Problem } from '../api/common.ts';
import { DroverError, type ErrorCode } from '../errors/catalogue.ts';

/** The HTTP status of every error that Drover can show. */
const statusOf: Readonly<Record<ErrorCode, number>> = {
  'usage.invalid': 400,
  'config.invalid': 400,
  'host.unreachable': 502,
  'host.unsupported': 409,
  'hypervisor.failed': 502,
  'hypervisor.no-post-copy': 409,
  'hypervisor.no-compression': 409,
  'hypervisor.still-running': 409,
  'host.peer-unreachable': 502,
  'domain.not-found': 404,
  'domain.not-running': 409,
  'domain.busy': 409,
  'preflight.refused': 409,
  'migration.past-return': 409,
  'migration.not-running': 409,
  'migration.stayed': 409,
  'migration.failed-safe': 409,
  'migration.lost': 409,
  'migration.unknown': 409,
  'recording.invalid': 400,
  'recording.not-found': 404,
  'migration.not-found': 404,
  'migration.ended': 409,
  'migration.not-adoptable': 409,
  'host.not-found': 404,
  'host.exists': 409,
  'host.provisioned': 409,
  'host.busy': 409,
  'host.closed': 409,
  'request.stale': 412,
  'request.reused-key': 422,
  'request.under-way': 409,
  'request.too-many': 429,
  'request.too-large': 413,
  'request.unknown': 404,
  'auth.required': 401,
  'auth.forbidden': 403,
  'token.not-found': 404,
  'context.not-found': 404,
  'operation.not-found': 404,
  'operation.under-way': 409,
  'operation.ended': 409,
  'operation.incomplete': 409,
  'store.unavailable': 503,
  'store.unsupported': 503,
  'lease.lost': 409,
  'server.unreachable': 502,
  'server.failed': 502,
  'lab.missing': 409,
  'lab.not-found': 404,
  'lab.conflict': 409,
  'lab.failed': 500,
  internal: 500,
};

export interface Answer {
  readonly status: number;
  readonly problem: Problem;
}

/** One field that is wrong, and why. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** An error as the API tells it. What nobody foresaw tells no more than that it happened. */
export function problemOf(error: unknown, errors: readonly FieldError[] = []): Answer {
  if (!(error instanceof DroverError))
    return answerOf('internal', 'This is a fault of Drover: its log says more.', undefined, []);
  return answerOf(error.code, error.message, error.hint, errors);
}

function answerOf(
  code: ErrorCode,
  detail: string,
  hint: string | undefined,
  errors: readonly FieldError[],
): Answer {
  const status = statusOf[code];
  const title = code.replace(/[.-]/g, ' ');
  const problem = {
    type: `urn:drover:error:${code}`,
    title: `${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    status,
    detail,
    code,
    ...(hint === undefined || hint === '' ? {} : { hint }),
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
  };
  return { status, problem };
}
