import type { Importance, Reason } from '../policy/vocabulary.ts';

/** What a person asks for: what moves, how much it matters and why; never how. */
export interface MigrateRequest {
  /** The VM's libvirt name or UUID. */
  readonly vm: string;
  /** Hosts by their configured name or libvirt URI. */
  readonly from: string;
  readonly to: string;
  /** Follows from the reason where it is not given; `medium` where neither is. */
  readonly importance?: Importance | undefined;
  readonly reason?: Reason | undefined;
  /** From now, ms. */
  readonly deadlineMs?: number | undefined;
  /** How often it has failed before: another attempt takes another way, where there are several. */
  readonly failures?: number | undefined;
}
