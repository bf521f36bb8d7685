import type { Importance, SlaClass } from '../policy/vocabulary.ts';

/** A VM as it was just seen on a host. */
export interface SeenVm {
  readonly uuid: string;
  readonly name: string;
  readonly host: string;
  readonly state: string;
  readonly memoryBytes: number;
  readonly virtualCpus: number;
  readonly slaClass: SlaClass;
  readonly labels: readonly string[];
  /** Processor time that it has used since it started there; `undefined`: that cannot be told. */
  readonly cpuMs?: number | undefined;
  /** Somebody else migrates it now. */
  readonly foreignJob: boolean;
}

/** What was just seen of hosts. */
export interface Sight {
  /** When it was begun to look, ms since 1970. */
  readonly at: number;
  /** By host; `undefined`: it did not answer. Hosts that nobody looked at are not there. */
  readonly hosts: ReadonlyMap<string, readonly SeenVm[] | undefined>;
}

/** One migration of an operation, as far as the operation goes by it. Times are ms since 1970. */
export interface Course {
  readonly id: string;
  /** As it was asked for: a name or a UUID. */
  readonly vm: string;
  readonly uuid: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly stage: Stage;
  readonly importance: Importance;
  readonly requestedAt?: number | undefined;
  readonly startedAt: number | undefined;
  readonly noReturnAt?: number | undefined;
  readonly endedAt: number | undefined;
  /** When it is expected to have arrived; `undefined`: nothing says so. */
  readonly arrivesAt?: number | undefined;
  /** 0 to 1. */
  readonly share: number;
  readonly remainingBytes: number | undefined;
  readonly throughputBytesPerSecond: number | undefined;
  readonly sentBytes?: number | undefined;
  readonly dirtyRateBytesPerSecond?: number | undefined;
  readonly deadlineAt?: number | undefined;
  readonly blackoutMs: number | undefined;
  /** Why it ended as it did, for a person; `undefined`: nothing was said. */
  readonly why: string | undefined;
}

/** How a migration stands. `failed`: it was refused, or it broke, and the guest runs where it was. */
export type Stage = 'live' | 'arrived' | 'stayed' | 'cancelled' | 'failed' | 'unknown' | 'lost';

/** Where a VM was seen; `undefined`: nowhere, as far as was looked. */
export function seenAt({ hosts }: Sight, uuid: string): SeenVm | undefined {
  for (const vms of hosts.values()) {
    const found = vms?.find((vm) => vm.uuid === uuid);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function seenOn({ hosts }: Sight, host: string, uuid: string): SeenVm | undefined {
  return hosts.get(host)?.find((vm) => vm.uuid === uuid);
}

/** The migrations of a VM, oldest first. */
export function coursesOf(
  courses: readonly Course[],
  { uuid, vm, from }: { readonly uuid: string; readonly vm: string; readonly from: string },
): readonly Course[] {
  return courses.filter(
    (one) => one.uuid === uuid || (one.uuid === undefined && one.from === from && one.vm === vm),
  );
}
