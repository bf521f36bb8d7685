import type { Decision } from '../steering/decision.ts';
import type { Progress } from './progress.ts';
import type { SoFar } from './result.ts';
import type { MigrationState } from './transition.ts';

/** What somebody who watches a migration is told, as it happens. */
export type RunEvent =
  | { readonly kind: 'phase'; readonly phase: MigrationState['phase']; readonly atMs: number }
  | { readonly kind: 'progress'; readonly progress: Progress; readonly soFar: SoFar }
  | { readonly kind: 'decision'; readonly decision: Decision }
  /** Something a person should know: a refused request, a retry, a host that does not answer. */
  | { readonly kind: 'notice'; readonly message: string; readonly atMs: number };

/** Why a run's signal was aborted: leave the job running, or cancel it. */
export type StopReason = 'detach' | 'abort';
