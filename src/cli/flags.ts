import type { Exclusion } from '../policy/exclusions.ts';
import type { Importance, Reason, SlaClass } from '../policy/vocabulary.ts';
import type { Role } from '../store/rows.ts';
import type { OutputFormat } from './output.ts';

/** What commander hands to each command, by the names of its options. */

/** Which server answers. */
export interface ConnectFlags {
  readonly server?: string;
  readonly context?: string;
  readonly config?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A command that asks the API and prints what it says. */
export interface AskFlags extends ConnectFlags {
  readonly output: OutputFormat;
}

export interface ListFlags extends AskFlags {
  readonly watch?: true;
}

/** A command that may wait for the end of a migration. */
export interface WaitFlags extends AskFlags {
  readonly wait: boolean;
  /** ms */
  readonly timeout?: number;
}

export interface MigrateFlags extends WaitFlags {
  readonly from?: string;
  readonly to?: string;
  readonly importance?: Importance;
  readonly reason?: Reason;
  /** From now, ms. */
  readonly deadline?: number;
  readonly dryRun?: true;
}

export interface AdoptFlags extends WaitFlags {
  readonly from: string;
  readonly to?: string;
  readonly importance?: Importance;
  readonly reason?: Reason;
  /** From now, ms. */
  readonly deadline?: number;
}

export interface ForecastFlags extends AskFlags {
  readonly from?: string;
  readonly to?: string;
  readonly importance?: Importance;
  readonly reason?: Reason;
}

export interface DoctorFlags extends AskFlags {
  readonly probe?: true;
  readonly from?: readonly string[];
  readonly to?: readonly string[];
}

/** A plan is made of a file: no server is asked. */
export interface PlanFlags {
  readonly inventory: string;
  readonly drain: readonly string[];
  readonly to?: readonly string[];
  readonly importance?: Importance;
  readonly reason?: Reason;
  /** From now, ms. */
  readonly deadline?: number;
  readonly seed: number;
  /** ms */
  readonly improve?: number;
  readonly output: OutputFormat;
}

export interface ReplayFlags extends AskFlags {
  readonly policy?: string;
  readonly class?: SlaClass;
  readonly importance?: Importance;
}

export interface AbortFlags extends AskFlags {
  readonly from: string;
}

export interface ExpediteFlags extends AskFlags {
  readonly importance?: Importance;
  /** From now, ms. */
  readonly deadline?: number | 'none';
}

/** One VM, on the host that is named or else where it is found. */
export interface VmFlags extends AskFlags {
  readonly host?: string;
}

export interface TagSetFlags extends VmFlags {
  readonly class?: SlaClass | 'none';
  readonly never?: readonly Exclusion[];
  readonly label?: readonly string[];
}

export interface HostSetFlags extends AskFlags {
  readonly uri?: string;
  readonly peerUri?: string;
  readonly postCopy?: 'allowed' | 'forbidden';
  /** bytes/s */
  readonly bandwidth?: number | 'none';
  readonly maxOutgoing?: number | 'none';
  readonly maxIncoming?: number | 'none';
  readonly link?: string;
}

/** A command that destroys something. */
export interface YesFlags {
  readonly yes?: true;
}

export interface RemoveFlags extends ConnectFlags, YesFlags {}

export interface VmListFlags extends ListFlags {
  readonly host?: string;
  readonly look?: true;
}

export interface MigrationListFlags extends ListFlags {
  readonly running?: true;
  readonly vm?: string;
  readonly host?: string;
  readonly class?: SlaClass;
  readonly importance?: Importance;
  readonly limit: number;
}

export interface TokenCreateFlags extends AskFlags {
  readonly role: Role;
  /** From now, ms. */
  readonly expires?: number;
}

export interface AuditFlags extends AskFlags {
  readonly who?: string;
  readonly subject?: string;
  /** Before now, ms. */
  readonly since?: number;
  readonly limit: number;
}

export interface ServeFlags {
  readonly listen?: string;
  readonly socket?: string;
  readonly config?: string;
  readonly database?: string;
  readonly insecure?: true;
}

/** A command that reads only what is kept on this machine. */
export interface PlainListFlags {
  readonly output: OutputFormat;
}

export interface ContextAddFlags {
  readonly server: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What begins an operation of several migrations. */
export interface OperateFlags extends AskFlags {
  readonly importance?: Importance;
  /** From now, ms. */
  readonly deadline?: number;
  readonly dryRun?: true;
  readonly watch?: true;
}

export interface DrainFlags extends OperateFlags {
  readonly reason?: 'evacuation' | 'maintenance';
  readonly to?: readonly string[];
}

export interface UndrainFlags extends AskFlags {
  readonly restore?: true;
  readonly watch?: true;
}

export interface OperationListFlags extends ListFlags {
  readonly limit: number;
}

export interface OperationExpediteFlags extends ExpediteFlags {
  readonly vm?: string;
}

export interface OperationCancelFlags extends AskFlags {
  readonly abortRunning?: true;
}
