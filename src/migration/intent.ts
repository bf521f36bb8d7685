import type { Sample } from '../forecast/telemetry.ts';
import type { DomainFacts, Host, Ways } from '../hypervisor/port.ts';
import type { Decision, MigrationCapabilities, Permission } from '../steering/decision.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import type { Steersman } from '../steering/steersman.ts';
import type { Beginning, FormerLimits } from './beginning.ts';
import type { Door } from './door.ts';
import type { MigrationState } from './transition.ts';

/** One migration that pre-flight has found possible. */
export interface RunIntent {
  readonly domain: Pick<DomainFacts, 'name' | 'uuid' | 'persistent'>;
  /** How the source host reaches the destination, the preferred way first. */
  readonly ways: Ways;
  readonly capabilities: MigrationCapabilities;
  /** Whether both daemons survive the resume of a broken post-copy. */
  readonly postCopyRecovery: Permission;
  /** What it may take of the link at its start; Infinity: all that it gets. */
  readonly bandwidthBytesPerSecond: number;
}

export interface RunPorts {
  readonly source: Host;
  readonly destination: Host;
  /** A steersman who knows nothing of the guest yet: one for every attempt. */
  readonly newSteersman: () => Steersman;
  /** Asked at every reading; nothing ever changes where it is not given. */
  readonly wanted?: () => Wanted;
  /** What has to be durable before the first order goes to a host. Where it rejects, none does. */
  readonly begin?: (begun: Pick<Beginning, 'plan' | 'former'>) => Promise<void>;
  /** What has to be durable before post-copy is started. Where it rejects, it is not. */
  readonly passReturn?: () => Promise<void>;
  /** Takes what is learnt against post-copy on the way; the steersman weighs what it says. */
  readonly door?: Door;
}

/** What is wanted of a run by now. */
export interface Wanted {
  readonly cancelled: boolean;
  /** What it may take of the link, bytes/s; Infinity: all that it gets. */
  readonly shareBytesPerSecond: number;
  /** How many times rarer than usual it may be read while it is far from its end; 1 and more. */
  readonly spare: number;
}

/** A migration under way, as whoever takes it up knows it. */
export interface UnderWay {
  readonly plan: StartPlan;
  /** On the run's clock. */
  readonly startedAtMs: number;
  readonly former: FormerLimits;
  /** Where it was when it was last seen. */
  readonly state: MigrationState;
  /** What it has shown so far. */
  readonly seen: readonly Sample[];
  readonly decisions: readonly Decision[];
}
