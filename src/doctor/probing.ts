import type { ResolvedHost } from '../fleet/hosts.ts';
import type { Clock } from '../hypervisor/clock.ts';
import type { Host, HostFacts, HostSurvey } from '../hypervisor/port.ts';
import type { ProbeMark } from '../hypervisor/probe.ts';

/** How probe guests are to be sent around. */
export interface Probing {
  /** Who looks after them. */
  readonly mark: Omit<ProbeMark, 'sinceMs'>;
  /** Whether this machine has such a process. */
  readonly lives: (pid: number) => boolean;
  /** A name that no domain has. */
  readonly newName: () => string;
  /** Only from, only to these hosts; `undefined`: all. */
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
  readonly clock: Clock;
  /** The time of day, ms since 1970. */
  readonly wallMs: () => number;
  /** Ends it early: the guest is ended all the same. */
  readonly signal: AbortSignal;
  readonly tell: (doing: string) => void;
}

/** A host that takes probe guests. */
export interface Place {
  readonly resolved: ResolvedHost;
  readonly host: Host;
  readonly facts: HostFacts;
  readonly survey: HostSurvey;
}

/** A host that takes none, and why. */
export interface Absent {
  readonly resolved: ResolvedHost;
  readonly because: string;
}

export function isPlace(one: Place | Absent): one is Place {
  return 'host' in one;
}
