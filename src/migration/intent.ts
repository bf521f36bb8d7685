import type { DomainFacts, Host } from '../hypervisor/port.ts';
import type { MigrationCapabilities, Permission } from '../steering/decision.ts';
import type { Steersman } from '../steering/steersman.ts';

/** One migration that pre-flight has found possible. */
export interface RunIntent {
  readonly domain: DomainFacts;
  /** The destination as the source host reaches it. */
  readonly destinationUri: string;
  readonly capabilities: MigrationCapabilities;
  /** Whether both daemons survive the resume of a broken post-copy. */
  readonly postCopyRecovery: Permission;
  readonly bandwidthBytesPerSecond: number | undefined;
}

export interface RunPorts {
  readonly source: Host;
  readonly destination: Host;
  /** A steersman who knows nothing of the guest yet: one for every attempt. */
  readonly newSteersman: () => Steersman;
}
