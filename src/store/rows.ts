import type { ErrorCode } from '../errors/catalogue.ts';
import type { Lesson } from '../forecast/learn.ts';
import type { Sample } from '../forecast/telemetry.ts';
import type { Beginning } from '../migration/beginning.ts';
import type { LessonsOf } from '../migration/keeping.ts';
import type { Progress } from '../migration/progress.ts';
import type { Outcome } from '../migration/transition.ts';
import type { Aims, OperationKind, OperationState, Report } from '../operations/report.ts';
import type { Importance, Reason, SlaClass } from '../policy/vocabulary.ts';
import type { Recording } from '../recording/recording.ts';
import type { Decision } from '../steering/decision.ts';

/** Where a migration is in its life: on its way, or how it ended. */
export const livePhases = [
  'queued',
  'preflight',
  'copying',
  'switching',
  'post-copy',
  'recovering',
] as const;
export type LivePhase = (typeof livePhases)[number];
/** `unknown` is left again when a host returns; the other outcomes are final. */
export type MigrationPhase = LivePhase | Outcome;

/** What can still come to something: `unknown`, too, until a host says how it ended. */
export const unended = [...livePhases, 'unknown'] as const;

/** How a migration came to be Drover's. */
export type Origin = 'request' | 'adopted';

/** One migration, as lists show it. Times of day are ms since 1970. */
export interface MigrationRow {
  /** Sorts by time. */
  readonly id: string;
  readonly origin: Origin;
  /** The VM as it was asked for; its name and UUID are known from pre-flight on. */
  readonly vm: string;
  readonly vmName: string | undefined;
  readonly vmUuid: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly slaClass: SlaClass | undefined;
  readonly reason: Reason | undefined;
  readonly importance: Importance;
  readonly deadlineAt: number | undefined;
  /** The operation that it is a part of. */
  readonly operationId: string | undefined;
  /** Who asked for it. */
  readonly requestedBy: string;
  readonly requestedAt: number;
  /** When the first order went to a host. */
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly phase: MigrationPhase;
  /** Somebody wants it cancelled. */
  readonly cancelRequested: boolean;
  /** From here on there is no way back to the source. Durable before post-copy is started. */
  readonly pointOfNoReturnAt: number | undefined;
  /** Who steers it; `undefined`: nobody. */
  readonly owner: string | undefined;
  /** Counts the takings of the lease: who writes with an older one is refused. */
  readonly epoch: number;
  /** Counts the changes of what is wanted of it: importance, deadline, cancel. */
  readonly revision: number;
  readonly progress: StoredProgress | undefined;
  /** Why it was refused or could not begin. */
  readonly error: StoredError | undefined;
  readonly end: Recording['end'];
}

/** What a list and a live view show of a migration under way; its phase is the row's. */
export interface StoredProgress extends Omit<Progress, 'phase' | 'elapsedMs'> {
  /** Since the migration's start. */
  readonly atMs: number;
}

export interface StoredError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

export type NewMigration = Pick<
  MigrationRow,
  | 'id'
  | 'origin'
  | 'vm'
  | 'from'
  | 'to'
  | 'reason'
  | 'importance'
  | 'deadlineAt'
  | 'operationId'
  | 'requestedBy'
  | 'requestedAt'
> & {
  /** A second request of the same person with the same key is the same request. */
  readonly requestKey: string | undefined;
};

/** A part of what a migration has shown, in the order in which it came. */
export interface Chapter {
  readonly samples: readonly Sample[];
  readonly decisions: readonly Decision[];
  readonly why: readonly string[];
}

/** The right to steer one migration. */
export interface Lease {
  readonly id: string;
  readonly owner: string;
  readonly epoch: number;
}

/** What is wanted of a migration by now. */
export type Wishes = Pick<
  MigrationRow,
  'importance' | 'deadlineAt' | 'cancelRequested' | 'revision'
>;

export interface HostRow {
  readonly name: string;
  readonly uri: string;
  readonly peerUri: string | undefined;
  readonly postCopy: 'allowed' | 'forbidden';
  readonly bandwidthBytesPerSecond: number | undefined;
  /** Migrations at once, from and to it; `undefined`: the default. */
  readonly maxOutgoing: number | undefined;
  readonly maxIncoming: number | undefined;
  /** The link, or rack, that it shares with others; limits are set for links, too. */
  readonly link: string | undefined;
  readonly revision: number;
}

/** A VM as it was last seen on a host. */
export interface VmRow {
  readonly uuid: string;
  readonly name: string;
  readonly host: string;
  readonly state: string;
  readonly memoryBytes: number;
  readonly virtualCpus: number;
  /** The share of its virtual CPUs that it used lately, 0 to 1; `undefined`: not known. */
  readonly busyShare?: number | undefined;
  readonly slaClass: SlaClass;
  /** A job of a migration that nobody of ours began. */
  readonly foreignJob: boolean;
  /** It was seen to run on another host at the same time. */
  readonly split: boolean;
  readonly seenAt: number;
}

/** Several migrations that are one matter. */
export interface OperationRow {
  /** Sorts by time. */
  readonly id: string;
  readonly kind: OperationKind;
  /** That is to be empty, or to get back those that lived on it; `undefined`: the whole fleet. */
  readonly host: string | undefined;
  readonly aims: Aims;
  readonly reason: Reason;
  readonly importance: Importance;
  readonly deadlineAt: number | undefined;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly endedAt: number | undefined;
  readonly state: OperationState;
  /** Counts the changes of what is wanted of it. */
  readonly revision: number;
  /** What it has come to; `undefined`: nobody has looked yet. */
  readonly report: Report | undefined;
}

/** A host that takes nobody in, because somebody said so. */
export interface Closure {
  readonly host: string;
  readonly at: number;
  readonly by: string;
  /** The drain that closed it. */
  readonly operationId: string;
}

/** Something that happened. Events are numbered without gaps that fill later. */
export interface EventRow {
  readonly seq: number;
  readonly at: number;
  /** `migration.queued`, `migration.phase`, `migration.decision`, `migration.notice`, `host.changed`, ... */
  readonly type: string;
  /** The migration's id, the host's name, ...: what it happened to. */
  readonly subject: string;
  readonly data: unknown;
}
export type NewEvent = Omit<EventRow, 'seq'>;

export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly who: string;
  /** `migration.create`, `host.set`, ... */
  readonly what: string;
  readonly subject: string;
  /** The peer's address, or `local`. */
  readonly from: string;
  readonly details: unknown;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
}
export type NewAudit = Omit<AuditRow, 'seq'>;

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly revokedAt: number | undefined;
  readonly lastUsedAt: number | undefined;
}

export type { Beginning, Lesson, LessonsOf };
