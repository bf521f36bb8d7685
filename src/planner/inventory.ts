import type { WorkingSet } from '../forecast/working-set.ts';
import type { Matrix } from '../policy/matrix.ts';
import type { SlaClass } from '../policy/vocabulary.ts';

/** What a plan is made from: hosts, the links between them, the VMs on them, as they are now. */
export interface Inventory {
  readonly hosts: readonly Host[];
  readonly links: readonly Link[];
  readonly vms: readonly Vm[];
  readonly limits: Limits;
  /** What may be done to each class at each importance; Drover's own values where it is not given. */
  readonly matrix?: Matrix;
}

export interface Host {
  readonly name: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
  /** How many vCPUs of VMs may share one of the host's. */
  readonly vcpuOvercommit: number;
  /** Memory set aside as huge pages, bytes, by the size of a page. It is no part of `memoryBytes`. */
  readonly hugePageBytes: Readonly<Record<string, number>>;
  /** What guests can be run here; `undefined`: anything. */
  readonly cpuModels: readonly string[] | undefined;
  readonly machineTypes: readonly string[] | undefined;
  readonly storage: readonly string[];
  readonly networks: readonly string[];
  readonly tags: readonly string[];
  /** What its card carries for migrations, each way, bytes/s. */
  readonly bandwidthBytesPerSecond: number;
  readonly maxOutgoing: number | undefined;
  readonly maxIncoming: number | undefined;
  /** The rack's uplink, which traffic to hosts that have another link, or none, passes. */
  readonly link: string | undefined;
  /** Whether a guest may run split over this host and another one. */
  readonly postCopy: boolean;
  /** It takes nobody in. */
  readonly draining: boolean;
}

/** Of a host that offers nothing that only some VMs ask for, and runs any of them. */
export const plainHost = {
  hugePageBytes: {},
  cpuModels: undefined,
  machineTypes: undefined,
  storage: [],
  networks: [],
  tags: [],
} as const satisfies Partial<Host>;

export interface Link {
  readonly name: string;
  /** Each way, bytes/s; `undefined`: it never is what holds a migration back. */
  readonly bandwidthBytesPerSecond: number | undefined;
  /** Migrations at once that pass it. */
  readonly maxAtOnce: number | undefined;
}

export interface Vm {
  readonly name: string;
  /** Where it runs. */
  readonly host: string;
  readonly memoryBytes: number;
  /** Memory with content: what a first pass carries, bytes. */
  readonly touchedBytes: number;
  readonly vcpus: number;
  /** The size of the pages that its memory is made of, where those are huge ones. */
  readonly hugePages: string | undefined;
  /** How it writes; `undefined`: not known. */
  readonly workingSet: WorkingSet | undefined;
  readonly slaClass: SlaClass;
  readonly cpuModel: string | undefined;
  readonly machineType: string | undefined;
  readonly storage: readonly string[];
  readonly networks: readonly string[];
  /** VMs of one affinity group that are together stay together: each move of one is a move of all. */
  readonly affinity: readonly string[];
  /** Two VMs of one anti-affinity group are never on one host, not even while one of them arrives. */
  readonly antiAffinity: readonly string[];
  /** The only hosts where it may run; `undefined`: any. */
  readonly pinnedTo: readonly string[] | undefined;
  /** Tags that its host must have, and must not have. */
  readonly needsTags: readonly string[];
  readonly avoidsTags: readonly string[];
  /** Hosts that cannot take it in for a reason of their own, and that reason, by host. */
  readonly unfit?: Readonly<Record<string, string>>;
  /** It moves already: it holds room at both hosts until it has arrived. */
  readonly moving: { readonly to: string; readonly leftBytes: number } | undefined;
}

/** Migrations at once: of the whole fleet, and from or to any one host that says nothing itself. */
export interface Limits {
  readonly maxAtOnce: number | undefined;
  readonly maxOutgoing: number | undefined;
  readonly maxIncoming: number | undefined;
}
