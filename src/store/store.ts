import type { Recording } from '../recording/recording.ts';
import type {
  AuditRow,
  Beginning,
  Chapter,
  Closure,
  EventRow,
  HostRow,
  Lease,
  Lesson,
  LessonsOf,
  MigrationPhase,
  MigrationRow,
  NewAudit,
  NewEvent,
  NewMigration,
  OperationRow,
  StoredError,
  StoredProgress,
  TokenRow,
  VmRow,
  Wishes,
} from './rows.ts';

/**
 * What Drover keeps. Two engines stand behind it, and one suite holds both to the same behaviour.
 * Every method may reject with `store.unavailable` (gone, full, read-only; the hint says which), and
 * then nothing was written, or, where the connection broke amid the commit, all of it: never a part.
 * What resolves is durable.
 */
export interface Store {
  readonly engine: 'sqlite' | 'postgres';
  readonly migrations: Migrations;
  readonly leases: Leases;
  readonly hosts: Hosts;
  readonly vms: Vms;
  readonly operations: Operations;
  readonly closures: Closures;
  readonly events: Events;
  readonly audit: Audit;
  readonly tokens: Tokens;
  readonly requests: Requests;
  readonly replicas: Replicas;
  /** Writes and reads something small; rejects as every method does. */
  check(): Promise<void>;
  /** Lets go of what is older than it is to be kept. */
  prune(keep: Retention, now: number): Promise<void>;
  close(): Promise<void>;
}

/** How long what has ended is kept, ms. */
export interface Retention {
  /** And operations, and what VMs were measured to write. */
  readonly migrationsMs: number;
  /** Samples and decisions weigh most, and may go sooner. */
  readonly telemetryMs: number;
  /** And answers to requests that may be asked again. */
  readonly eventsMs: number;
  readonly auditMs: number;
}

export interface MigrationFilter {
  readonly phases?: readonly MigrationPhase[] | undefined;
  /** Name or UUID. */
  readonly vm?: string | undefined;
  /** As source or as destination. */
  readonly host?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly slaClass?: MigrationRow['slaClass'];
  readonly importance?: MigrationRow['importance'] | undefined;
  readonly reason?: MigrationRow['reason'];
  readonly operationId?: string | undefined;
  /** Requested at or after, and before; ms since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** One page, newest first. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Passed to the next call; `undefined` at the end. */
  readonly next: string | undefined;
}

export interface PageRequest {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** What a request for admission is judged by: all that wait and all that run, on all replicas. */
export interface Waiting {
  readonly queued: readonly Claimant[];
  readonly running: readonly Claimant[];
}

/** A migration as far as it matters to who may begin. */
export type Claimant = Pick<
  MigrationRow,
  | ('id' | 'origin' | 'vm' | 'vmName' | 'vmUuid' | 'from' | 'to' | 'phase')
  | ('importance' | 'deadlineAt' | 'operationId' | 'requestedAt' | 'cancelRequested')
>;

/** What changes in a migration's row on its way. */
export type Advance = Partial<
  Pick<MigrationRow, 'phase' | 'slaClass' | 'vmName' | 'vmUuid' | 'startedAt' | 'pointOfNoReturnAt'>
>;

export interface Ended {
  readonly phase: MigrationPhase;
  readonly endedAt: number;
  readonly end: Recording['end'];
  readonly error: StoredError | undefined;
  readonly lesson: Lesson | undefined;
}

/**
 * `again`: the same person asked with the same key before; `busy`: the VM is being moved
 * already. Then that one is returned, and nothing was written.
 */
export interface Created {
  readonly how: 'created' | 'again' | 'busy';
  readonly row: MigrationRow;
}

/** What is left out stays; `deadlineAt: null`: there is none any more. */
export interface NewWishes {
  readonly importance?: Wishes['importance'];
  readonly deadlineAt?: number | null;
  readonly cancelRequested?: boolean;
}

/** One migration's part of a batch. */
export interface Report extends Partial<Chapter> {
  readonly lease: Lease;
  readonly progress?: StoredProgress;
}

export interface Migrations {
  /** However many ask at once, by its name and by its UUID, one VM moves once at a time. */
  create(migration: NewMigration, event: NewEvent): Promise<Created>;
  get(id: string): Promise<MigrationRow | undefined>;
  list(filter: MigrationFilter, page: PageRequest): Promise<Page<MigrationRow>>;
  /** The UUIDs of all VMs whose migration has begun and not ended. */
  moving(): Promise<ReadonlySet<string>>;
  /** Ids that begin with this; at most 10, newest first. */
  idsFrom(beginning: string): Promise<readonly string[]>;
  /**
   * What a person wants of it. `stale`: it has another revision than `ifRevision`; `ended`: it is
   * over; `missing`.
   */
  wish(
    id: string,
    wishes: NewWishes,
    event: NewEvent,
    ifRevision?: number,
  ): Promise<MigrationRow | 'stale' | 'ended' | 'missing'>;
  /** `false`: the lease is lost, nothing was written. So it is with all that take a lease. */
  advance(lease: Lease, change: Advance, events: readonly NewEvent[]): Promise<boolean>;
  /** Before the first order goes to a host. Rejects with `domain.busy` where another one moves this VM. */
  begin(
    lease: Lease,
    beginning: Beginning,
    at: number,
    events: readonly NewEvent[],
  ): Promise<boolean>;
  beginning(id: string): Promise<Beginning | undefined>;
  /** Progress, telemetry and decisions of many, in one transaction; those of a lost lease are left out. */
  report(reports: readonly Report[], events: readonly NewEvent[]): Promise<void>;
  /**
   * The last word: the lease is given back with it. Where one host was seen to run the VM, what was known
   * of the other one gives way.
   */
  finish(lease: Lease, ended: Ended, last: Chapter, events: readonly NewEvent[]): Promise<boolean>;
  /** All that was seen and decided, in order. */
  chapters(id: string): Promise<Chapter>;
  /** The newest `limit`, newest first. */
  lessons(of: LessonsOf, limit: number): Promise<readonly Lesson[]>;
  /** How many there are, for metrics: of those under way and, of the ended, since `since`. */
  counts(since: number): Promise<readonly MigrationCount[]>;
  /**
   * Those whose progress was kept at this moment or later, for watchers on other replicas. Moments
   * are `now` of the call before: the store's own, as the replicas' clocks may differ. Without one,
   * none. `among`: only of these migrations.
   */
  progressSince(
    moment: number | undefined,
    among?: readonly string[],
  ): Promise<{ readonly now: number; readonly items: readonly MigrationRow[] }>;
}

/** Who may steer which migration, one at a time. */
export interface Leases {
  /**
   * Gives leases on queued ones: `choose` (pure) is shown all that wait and run while no other
   * replica admits, and names those that may begin, in their order. They become `preflight`.
   */
  admit(
    owner: string,
    ttlMs: number,
    choose: (waiting: Waiting) => readonly string[],
  ): Promise<readonly MigrationRow[]>;
  /**
   * Gives leases on those under way (and `unknown`) that nobody holds any more: at most `limit`,
   * the oldest first; only among `only`, where given. Skips what another
   * replica is just taking.
   */
  claim(
    owner: string,
    ttlMs: number,
    limit: number,
    only?: readonly string[],
  ): Promise<readonly MigrationRow[]>;
  /** Prolongs the leases of one owner at once; those that are missing in the answer are lost. */
  renew(leases: readonly Lease[], ttlMs: number): Promise<ReadonlyMap<string, Wishes>>;
  /** Hands over at once. */
  release(leases: readonly Lease[]): Promise<void>;
}

export interface MigrationCount {
  readonly phase: MigrationPhase;
  readonly slaClass: MigrationRow['slaClass'];
  readonly importance: MigrationRow['importance'];
  readonly count: number;
}

export interface Hosts {
  list(): Promise<readonly HostRow[]>;
  /** Adds (`ifRevision` 0), or changes; `stale` where it has another revision. */
  put(
    host: Omit<HostRow, 'revision'>,
    event: NewEvent,
    ifRevision?: number,
  ): Promise<HostRow | 'stale'>;
  remove(
    name: string,
    event: NewEvent,
    ifRevision?: number,
  ): Promise<'removed' | 'missing' | 'stale'>;
}

export interface Vms {
  /**
   * All that were seen on one host at this moment; those seen there before and not then go. What is known
   * of a later moment stays.
   */
  seen(host: string, vms: readonly VmRow[], at: number): Promise<void>;
  list(filter: { readonly host?: string; readonly name?: string }): Promise<readonly VmRow[]>;
  /** What a VM was measured to write: kept as a history of at most 100 readings. */
  measured(uuid: string, at: number, bytesPerSecond: number): Promise<void>;
  writes(
    uuid: string,
  ): Promise<readonly { readonly at: number; readonly bytesPerSecond: number }[]>;
}

/** What is left out stays; `deadlineAt: null`: there is none any more. */
export interface OperationChange {
  readonly state?: OperationRow['state'];
  readonly importance?: OperationRow['importance'];
  readonly deadlineAt?: number | null;
  readonly aims?: OperationRow['aims'];
  readonly endedAt?: number;
}

export interface Operations {
  /**
   * `busy`: another one has not ended that is about the same host, or, of those about the fleet, any.
   * A drain closes its host with the same stroke.
   */
  create(
    operation: Omit<OperationRow, 'revision' | 'report'>,
    event: NewEvent,
  ): Promise<{ readonly how: 'created' | 'busy'; readonly row: OperationRow }>;
  get(id: string): Promise<OperationRow | undefined>;
  list(page: PageRequest): Promise<Page<OperationRow>>;
  /** Those that have not ended, oldest first. */
  live(): Promise<readonly OperationRow[]>;
  /** What a person wants of it, or how it ended. */
  change(
    id: string,
    change: OperationChange,
    event: NewEvent,
    ifRevision?: number,
  ): Promise<OperationRow | 'stale' | 'ended' | 'missing'>;
  /** What it has come to. */
  report(
    id: string,
    report: NonNullable<OperationRow['report']>,
    events: readonly NewEvent[],
  ): Promise<void>;
}

/** Hosts that take nobody in. */
export interface Closures {
  list(): Promise<readonly Closure[]>;
  /** Opens it again; `false`: it was not closed. */
  open(host: string, event: NewEvent): Promise<boolean>;
}

export interface Events {
  append(events: readonly NewEvent[]): Promise<void>;
  /** In order, after this number. No event with a lower number appears later. */
  after(seq: number, limit: number): Promise<readonly EventRow[]>;
  /** The numbers of the first and the last one that are kept; 0 where there is none. */
  range(): Promise<{ readonly first: number; readonly last: number }>;
}

export interface Audit {
  append(entry: NewAudit): Promise<void>;
  list(
    filter: { readonly who?: string; readonly subject?: string; readonly since?: number },
    page: PageRequest,
  ): Promise<Page<AuditRow>>;
}

export interface Tokens {
  create(token: Omit<TokenRow, 'lastUsedAt' | 'revokedAt'>, hash: string): Promise<TokenRow>;
  /** Whatever its state: whether it is expired or revoked is the caller's to see. */
  byHash(hash: string): Promise<TokenRow | undefined>;
  used(id: string, at: number): Promise<void>;
  list(): Promise<readonly TokenRow[]>;
  revoke(id: string, at: number): Promise<TokenRow | undefined>;
}

/** Answers kept for those who ask again with the same Idempotency-Key. */
export interface Requests {
  /** Takes the key, or says what is known of it: `undefined` answer: the first one has not ended. */
  take(
    key: { readonly who: string; readonly key: string; readonly fingerprint: string },
    at: number,
  ): Promise<'taken' | { readonly fingerprint: string; readonly answer: StoredAnswer | undefined }>;
  answer(who: string, key: string, answer: StoredAnswer): Promise<void>;
  /** Gives the key back, where the request has done nothing. */
  drop(who: string, key: string): Promise<void>;
}

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

export interface Replicas {
  /** Says that this one lives, for `ttlMs`, and steers so many. Returns all that live. */
  beat(name: string, steering: number, ttlMs: number): Promise<readonly Replica[]>;
  leave(name: string): Promise<void>;
  /** A duty that one replica has at a time, such as looking at the hosts. Prolongs it, too. */
  duty(name: string, owner: string, ttlMs: number): Promise<boolean>;
  /** Gives it up at once. */
  layDown(name: string, owner: string): Promise<void>;
}

export interface Replica {
  readonly name: string;
  readonly steering: number;
}
