/** Exit codes of the `drover` command; the table in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  refused: 5,
  failedSafe: 6,
  unknown: 7,
  unreachable: 8,
  timedOut: 124,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Every error that Drover can show, with the exit code it ends a command with. */
export const catalogue = {
  'usage.invalid': exitCodes.usage,
  'config.invalid': exitCodes.usage,
  'host.unreachable': exitCodes.unreachable,
  'host.unsupported': exitCodes.conflict,
  'hypervisor.failed': exitCodes.failed,
  'hypervisor.no-post-copy': exitCodes.conflict,
  'hypervisor.no-compression': exitCodes.conflict,
  'hypervisor.still-running': exitCodes.conflict,
  'host.peer-unreachable': exitCodes.unreachable,
  'domain.not-found': exitCodes.notFound,
  'domain.not-running': exitCodes.conflict,
  'domain.busy': exitCodes.conflict,
  'preflight.refused': exitCodes.conflict,
  'migration.past-return': exitCodes.refused,
  'migration.not-running': exitCodes.conflict,
  'migration.stayed': exitCodes.refused,
  'migration.failed-safe': exitCodes.failedSafe,
  'migration.lost': exitCodes.failed,
  'migration.unknown': exitCodes.unknown,
  'recording.invalid': exitCodes.usage,
  'recording.not-found': exitCodes.notFound,
  'migration.not-found': exitCodes.notFound,
  'migration.ended': exitCodes.conflict,
  'migration.not-adoptable': exitCodes.conflict,
  'host.not-found': exitCodes.notFound,
  'host.exists': exitCodes.conflict,
  'host.provisioned': exitCodes.conflict,
  'host.busy': exitCodes.conflict,
  'host.closed': exitCodes.conflict,
  'request.stale': exitCodes.conflict,
  'request.reused-key': exitCodes.conflict,
  'request.under-way': exitCodes.conflict,
  'request.too-many': exitCodes.refused,
  'request.too-large': exitCodes.usage,
  'request.unknown': exitCodes.usage,
  'auth.required': exitCodes.refused,
  'auth.forbidden': exitCodes.refused,
  'token.not-found': exitCodes.notFound,
  'context.not-found': exitCodes.notFound,
  'operation.not-found': exitCodes.notFound,
  'operation.under-way': exitCodes.conflict,
  'operation.ended': exitCodes.conflict,
  'operation.incomplete': exitCodes.refused,
  'store.unavailable': exitCodes.unreachable,
  'store.unsupported': exitCodes.conflict,
  'lease.lost': exitCodes.conflict,
  'server.unreachable': exitCodes.unreachable,
  'server.failed': exitCodes.failed,
  'lab.missing': exitCodes.conflict,
  'lab.not-found': exitCodes.notFound,
  'lab.conflict': exitCodes.conflict,
  'lab.failed': exitCodes.failed,
  internal: exitCodes.failed,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof catalogue;

/** An error that a person can act on: what is wrong, where, and the way out. */
export class DroverError extends Error {
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DroverError';
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): ExitCode {
    return catalogue[this.code];
  }
}
