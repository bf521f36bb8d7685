import type { Exclusion } from '../policy/exclusions.ts';
import type { Importance, Reason, SlaClass } from '../policy/vocabulary.ts';
import type { OutputFormat } from './output.ts';

/** What commander hands to each command, by the names of its options. */

export interface MigrateFlags {
  readonly from: string;
  readonly to: string;
  readonly importance?: Importance;
  readonly reason?: Reason;
  readonly deadline?: string;
  readonly wait: boolean;
  readonly config?: string;
  readonly output: OutputFormat;
}

export interface ForecastFlags {
  readonly from: string;
  readonly to: string;
  readonly importance?: Importance;
  readonly reason?: Reason;
  readonly config?: string;
  readonly output: OutputFormat;
}

export interface ExplainFlags {
  readonly output: OutputFormat;
}

export interface ReplayFlags {
  readonly policy?: string;
  readonly class?: SlaClass;
  readonly importance?: Importance;
  readonly output: OutputFormat;
}

export interface AbortFlags {
  readonly from: string;
  readonly config?: string;
  readonly output: OutputFormat;
}

export interface ClassFlags {
  readonly host: string;
  readonly config?: string;
  readonly output: OutputFormat;
}

export interface TagFlags {
  readonly host: string;
  readonly config?: string;
  readonly output: OutputFormat;
}

export interface TagSetFlags extends TagFlags {
  readonly class?: SlaClass | 'none';
  readonly never?: readonly Exclusion[];
  readonly label?: readonly string[];
}

export interface PolicyFlags {
  readonly config?: string;
  readonly output: OutputFormat;
}
