import type { Sample } from '../forecast/telemetry.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import type { Permission } from '../steering/decision.ts';

/**
 * A virtualisation host as the migration sees it. One adapter speaks libvirt, another simulates.
 * Every method may reject with a DroverError whose cause is the adapter's own error.
 */
export interface Host {
  /** The URI or name its operator uses. */
  readonly address: string;
  facts(): Promise<HostFacts>;
  /** The domain by name or UUID; `undefined` when the host knows no such domain. */
  findDomain(nameOrUuid: string): Promise<DomainFacts | undefined>;
  domainState(uuid: string): Promise<DomainState | undefined>;
  /** The class that the domain's own metadata gives; `undefined` when it says nothing. */
  readClass(uuid: string): Promise<SlaClass | undefined>;
  /** Writes the class into the running domain and, where it is persistent, into its definition. */
  writeClass(uuid: string, slaClass: SlaClass | undefined): Promise<void>;
  /** Whether this host could run the domain: every reason why not. Touches nothing. */
  judgeArrival(domain: DomainFacts): Promise<readonly ArrivalProblem[]>;
  /** A reading of the domain's outgoing job; `undefined` when there is none. */
  readJob(uuid: string): Promise<JobReading | undefined>;
  /** Statistics of the last completed migration, kept; found on the host where the guest now runs. */
  readCompletedJob(uuid: string): Promise<CompletedJob | undefined>;
  setMaxDowntime(uuid: string, ms: number): Promise<void>;
  startPostCopy(uuid: string): Promise<void>;
  abortJob(uuid: string): Promise<void>;
  /**
   * Starts the migration and resolves when the call that carries it ends. The outcome of the call
   * is a hint only: the guest's whereabouts are decided from both hosts' domain states.
   */
  migrate(uuid: string, options: MigrateOptions): Promise<void>;
  /** State changes of one domain as they happen; the returned function ends the subscription. */
  watchDomain(uuid: string, onChange: (change: DomainChange) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface HostFacts {
  readonly hostname: string;
  readonly hostUuid: string;
  readonly libvirtVersion: string;
  readonly hypervisorVersion: string;
  readonly freeMemoryBytes: number;
  /** Whether this host's QEMU and kernel can take part in post-copy. */
  readonly postCopy: Permission;
  /** Whether a broken post-copy is resumed without harm by this host's daemon. */
  readonly postCopyRecoverable: boolean;
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
  readonly hugePages: boolean;
  /** Whether a migration or another long job holds the domain now. */
  readonly busyWith: string | undefined;
  /** The migratable definition, opaque to all but the adapter. */
  readonly definition: string;
}

export interface ArrivalProblem {
  readonly code: 'memory' | 'cpu' | 'machine' | 'taken' | 'architecture';
  readonly message: string;
}

export interface DomainState {
  readonly state: 'running' | 'paused' | 'shut-off' | 'crashed' | 'other';
  /** Why, in the adapter's words: `post-copy`, `migrated`, `post-copy-failed`, ... */
  readonly reason: string;
}

export interface MigrateOptions {
  /** The destination as the source host reaches it. */
  readonly destinationUri: string;
  readonly postCopy: boolean;
  /** CPU throttling of guests that do not converge; `undefined` leaves it off. */
  readonly autoConverge:
    | { readonly initialPercent: number; readonly incrementPercent: number }
    | undefined;
  /** Link share in bytes/s; `undefined` leaves it unlimited. */
  readonly bandwidthBytesPerSecond: number | undefined;
  /** The domain is persistent: it is defined at the destination and undefined at the source. */
  readonly persistent: boolean;
}

export interface JobReading {
  readonly sample: Omit<Sample, 'atMs'>;
  /** QEMU's own estimate of the pause if it switched over now, ms. */
  readonly expectedDowntimeMs: number;
}

export interface CompletedJob {
  readonly totalMs: number;
  /** Pause as QEMU measured it, ms. */
  readonly downtimeMs: number;
  readonly sentBytes: number;
}

/** An instant in a domain's life, stamped with the observer's monotonic clock in ms. */
export interface DomainChange {
  readonly kind:
    | 'suspended-for-switch-over'
    | 'post-copy-running'
    | 'post-copy-failed'
    | 'resumed-at-destination'
    | 'resumed-at-source'
    | 'stopped'
    | 'job-completed'
    | 'iteration'
    | 'connection-lost'
    | 'other';
  readonly atMs: number;
  readonly detail: string;
}
