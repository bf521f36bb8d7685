import type { MemoryMarks } from '../forecast/in-turn.ts';
import type { Syncing } from '../forecast/prior.ts';
import type { Sounding } from '../forecast/shrinking.ts';
import type { Sample } from '../forecast/telemetry.ts';
import type { Tags, TagsFound } from '../policy/tags.ts';
import type { Permission } from '../steering/decision.ts';
import type { ClockReading, ProbeGuest, ProbeSeen } from './probe.ts';

/**
 * A virtualisation host as the migration sees it. One adapter speaks libvirt, another simulates.
 * Every method may reject with a DroverError whose cause is the adapter's own error:
 * `host.unreachable` when the host itself does not answer, `hypervisor.failed` when it refuses.
 */
export interface Host {
  /** The name its operator uses. */
  readonly name: string;
  /** Where the controller reaches it. */
  readonly address: string;
  /** How other hosts reach it, the preferred way first; none where the controller cannot know. */
  readonly ways: readonly Way[];
  /** Rejects with `host.unreachable` where the host cannot be reached now. */
  reach(): Promise<void>;
  facts(): Promise<HostFacts>;
  /** What its guests can be made of, and how they could be sent. */
  survey(): Promise<HostSurvey>;
  /** Whether a guest here could have this CPU (the `definition` of another host's survey). */
  offersCpu(definition: string): Promise<boolean>;
  /** All domains that it has now, without probe guests. */
  domains(): Promise<readonly DomainSummary[]>;
  /** The domain by name or UUID; `undefined` when the host knows no such domain. */
  findDomain(nameOrUuid: string): Promise<DomainFacts | undefined>;
  domainState(uuid: string): Promise<DomainState | undefined>;
  /**
   * Which of its starts at this host the domain runs by: where it has gone and come back, it is another
   * number. `undefined`: it does not run here.
   */
  startNumber(uuid: string): Promise<number | undefined>;
  /** What the domain's own metadata says of it. */
  readTags(uuid: string): Promise<TagsFound>;
  /** Writes it into the running domain and, where it is persistent, into its definition. */
  writeTags(uuid: string, tags: Tags): Promise<void>;
  /** Whether this host could run the domain: every reason why not. Touches nothing. */
  judgeArrival(domain: DomainFacts): Promise<readonly ArrivalProblem[]>;
  /** A reading of the domain's outgoing job; `undefined` when there is none. */
  readJob(uuid: string): Promise<JobReading | undefined>;
  /** Statistics of the last completed migration, kept; found on the host where the guest now runs. */
  readCompletedJob(uuid: string): Promise<CompletedJob | undefined>;
  /**
   * How much distinct memory the domain writes within `seconds` (1 to 60), by samples; `undefined`
   * where this host cannot tell. The domain must run, and no migration of it be under way.
   */
  measureWrites(uuid: string, seconds: number): Promise<SeenWrites | undefined>;
  /**
   * What zstd makes of some of the running domain's memory; `undefined` where it cannot be told where memory lies.
   * Nothing of what was read is kept, or leaves this call.
   */
  soundMemory(domain: DomainFacts): Promise<Sounding | undefined>;
  /**
   * Marks of some pages of the domain's memory, the same ones each time, by which it is seen which were written
   * meanwhile, also while it migrates; `undefined` where it cannot be told where memory lies. Nothing of what was read is
   * kept, or leaves this call, but the marks.
   */
  markMemory(domain: DomainFacts): Promise<MemoryMarks | undefined>;
  /** Share of its processors' time that nobody used within the next `ms`, 0 to 1; `undefined` where it cannot tell. */
  idleShare(ms: number): Promise<number | undefined>;
  /** Memory that the domain has used up to now, as far as the host can tell, bytes. */
  residentBytes(uuid: string): Promise<number | undefined>;
  maxDowntimeMs(uuid: string): Promise<number>;
  /** Works on an idle domain too: it then holds for the next migration. */
  setMaxDowntime(uuid: string, ms: number): Promise<void>;
  /** The cap on the domain's migration stream, bytes/s; Infinity where there is none. */
  maxSpeed(uuid: string): Promise<number>;
  /** Caps the stream of the running migration, bytes/s; Infinity takes the cap away. It stays set. */
  setMaxSpeed(uuid: string, bytesPerSecond: number): Promise<void>;
  startPostCopy(uuid: string): Promise<void>;
  /** Caps what a post-copy that runs sends unasked, bytes/s; Infinity takes the cap away. */
  setPostCopySpeed(uuid: string, bytesPerSecond: number): Promise<void>;
  abortJob(uuid: string): Promise<void>;
  /**
   * Starts the migration and resolves when the call that carries it ends. The outcome of the call
   * is a hint only: the guest's whereabouts are decided from both hosts' domain states.
   */
  migrate(uuid: string, options: MigrateOptions): Promise<void>;
  /**
   * Takes up a broken post-copy again; resolves when the call that carries it ends. A hint, too.
   * Rejects with `hypervisor.still-running` where only the daemons have lost each other, and QEMU
   * goes on by itself.
   */
  resumePostCopy(uuid: string, options: MigrateOptions): Promise<void>;
  /** Breaks a post-copy off where it stands, so that it can be resumed over another connection. */
  breakOffPostCopy(uuid: string): Promise<void>;
  /** Has a guest that stands still go on. Whoever asks knows that no other host may run it. */
  resumeGuest(uuid: string): Promise<void>;
  /**
   * Ends a copy of the guest that stands still here, because the guest is elsewhere. Its definition
   * stays. Rejects with `hypervisor.failed` where it runs.
   */
  discardCopy(uuid: string): Promise<void>;
  /**
   * Forgets the definition of a guest that is shut off here. Rejects with `hypervisor.failed` where
   * it is anything else.
   */
  forgetDefinition(uuid: string): Promise<void>;
  /** Starts a probe guest; its UUID. */
  startProbe(probe: ProbeGuest): Promise<string>;
  /** The probe guests that are here, whoever began them. */
  probes(): Promise<readonly ProbeSeen[]>;
  /** Ends a probe guest, where it is here. Rejects with `hypervisor.failed` where the domain is none. */
  endProbe(uuid: string): Promise<void>;
  /** What this host's clock shows, some times over, beside `wallMs`; a probe guest stands still for it. */
  readClock(probe: string, wallMs: () => number): Promise<readonly ClockReading[]>;
  /** State changes of one domain as they happen; the returned function ends the subscription. */
  watchDomain(uuid: string, onChange: (change: DomainChange) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** One way by which other hosts reach a host. */
export interface Way {
  /** Its daemon. */
  readonly uri: string;
  /** Where it takes memory in; `undefined` leaves that to the host itself. */
  readonly address: string | undefined;
  /** Whether memory goes there by TLS; without it as `prefer`. */
  readonly migrationTls?: MigrationTls | undefined;
}

/**
 * How the memory of a guest goes from host to host: encrypted or not at all; encrypted where both
 * hosts have certificates for it; in clear.
 */
export type MigrationTls = 'require' | 'prefer' | 'never';

/** At least one. */
export type Ways = readonly [Way, ...Way[]];

export interface HostFacts {
  readonly hostname: string;
  readonly hostUuid: string;
  readonly libvirtVersion: string;
  readonly hypervisorVersion: string;
  /** All the memory it has, and how many CPUs. */
  readonly memoryBytes: number;
  readonly cpus: number;
  /** Memory that a new guest could have, page cache included. */
  readonly freeMemoryBytes: number;
  /** Whether this host's QEMU and daemon can take part in post-copy, as far as can be seen. */
  readonly postCopy: Permission;
  /** Whether a broken post-copy is resumed without harm by this host's daemon. */
  readonly postCopyRecoverable: Permission;
  /** Whether its versions can compress memory with zstd on its way. */
  readonly compression: Permission;
  /** How this host's QEMU looks for dirty pages while it migrates. */
  readonly syncing: Syncing;
  /** What could matter but cannot be seen from here, in words. */
  readonly unknowns: readonly string[];
}

/** What no single migration asks for, and what whoever compares hosts wants to know. */
export interface HostSurvey {
  /** Such as `x86_64`. */
  readonly architecture: string;
  /** Guests run on its CPU itself, or QEMU emulates one. */
  readonly accelerator: 'kvm' | 'emulation';
  /** Those machine types that are the same wherever they are: `pc-q35-10.0`, and not its alias `q35`. */
  readonly machineTypes: readonly string[];
  /** The most of its CPU that a guest can have and still move; `undefined` where it cannot tell. */
  readonly cpu: { readonly model: string; readonly definition: string } | undefined;
  /** Whether its versions can send memory over several connections at once. */
  readonly parallelStreams: Permission;
  /** Whether they can compress it there, with zlib and zstd. */
  readonly compression: Permission;
}

/** Distinct memory written within a while. */
export interface SeenWrites {
  readonly ms: number;
  readonly bytes: number;
}

export interface DomainFacts {
  readonly name: string;
  readonly uuid: string;
  readonly memoryBytes: number;
  readonly virtualCpus: number;
  readonly machineType: string;
  readonly architecture: string;
  readonly persistent: boolean;
  readonly state: DomainState;
  /** Devices and disks that cannot follow the guest, in words. */
  readonly immovable: readonly string[];
  /** What in this domain rules post-copy out, in words. */
  readonly postCopyObstacles: readonly string[];
  /** Whether a migration or another long job holds the domain now. */
  readonly busyWith: string | undefined;
  /** What could stop it and is only seen by trying, in words. */
  readonly doubts: readonly string[];
  /** The migratable definition, opaque to all but the adapter. */
  readonly definition: string;
}

/** A domain as a list of them shows it. */
export interface DomainSummary {
  readonly name: string;
  readonly uuid: string;
  readonly state: DomainState['state'];
  readonly memoryBytes: number;
  readonly virtualCpus: number;
  /** Processor time that it has used since it started here; `undefined` where that cannot be told. */
  readonly cpuMs: number | undefined;
  readonly tags: Tags;
  /** A migration takes it away from here now. */
  readonly outgoingJob: boolean;
  /** It only waits here for a guest that still runs elsewhere. */
  readonly arriving: boolean;
}

export interface ArrivalProblem {
  readonly code: 'memory' | 'cpu' | 'machine' | 'taken' | 'architecture';
  readonly message: string;
}

export interface DomainState {
  readonly state: 'running' | 'paused' | 'shut-off' | 'crashed' | 'other';
  readonly reason: StateReason;
}

/** Why a domain is in its state, as far as a migration cares. */
export type StateReason =
  | 'migration'
  | 'migrated'
  | 'post-copy'
  | 'post-copy-failed'
  /** It runs again after a migration that had stopped it already to hand it over. */
  | 'taken-back'
  /** A disk of it failed. */
  | 'io-error'
  | 'other';

export interface MigrateOptions {
  readonly way: Way;
  readonly postCopy: boolean;
  /** Memory compressed by zstd, over so many connections; `undefined`: one, and memory as it is. Never with post-copy. */
  readonly compression?: { readonly connections: number } | undefined;
  /** CPU throttling of guests that do not converge; `undefined` leaves it off. */
  readonly autoConverge:
    | { readonly initialPercent: number; readonly incrementPercent: number }
    | undefined;
  /** Link share in bytes/s; `undefined` leaves it unlimited. */
  readonly bandwidthBytesPerSecond: number | undefined;
  /** The domain is persistent: it is defined at the destination and undefined at the source. */
  readonly persistent: boolean;
  /** Told, in words, where memory could not be encrypted and so goes in clear, as `prefer` allows. */
  readonly tellClear?: (message: string) => void;
}

export interface JobReading {
  /** How long the job has been running, ms. */
  readonly elapsedMs: number;
  readonly sample: Omit<Sample, 'atMs'>;
  /** QEMU's own estimate of the pause if it switched over now, ms. */
  readonly expectedDowntimeMs: number;
}

export interface CompletedJob {
  readonly totalMs: number;
  /** Pause as QEMU measured it, ms; `undefined` where it does not say (post-copy). */
  readonly downtimeMs: number | undefined;
  readonly sentBytes: number;
}

/** An instant in a domain's life, stamped with the observer's monotonic clock in ms. */
export interface DomainChange {
  readonly kind: DomainChangeKind;
  readonly atMs: number;
}

export type DomainChangeKind =
  /** The guest stands still: its last memory (or its post-copy start) is on the way. */
  | 'suspended-for-switch-over'
  | 'post-copy-failed'
  /** It runs again: at the destination when seen there, at the source otherwise. */
  | 'resumed'
  /** It runs at the destination, with some of its memory still at the source. */
  | 'resumed-split'
  | 'stopped'
  | 'job-completed'
  | 'iteration'
  | 'connection-lost'
  | 'other';
