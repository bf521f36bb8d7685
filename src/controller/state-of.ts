import type { MigrationState } from '../migration/transition.ts';
import type { Decision } from '../steering/decision.ts';
import type { MigrationPhase } from '../store/rows.ts';

/** Where a migration was when it was last seen: a look at both hosts takes it on from there. */
export function stateOf(phase: MigrationPhase, decisions: readonly Decision[]): MigrationState {
  switch (phase) {
    case 'queued':
    case 'preflight':
    case 'copying':
    case 'switching':
      return {
        phase: 'copying',
        leaving: decisions.at(-1)?.action.kind === 'stay' ? 'stay' : undefined,
      };
    case 'post-copy':
    case 'recovering':
      return { phase };
    case 'completed':
    case 'stayed':
    case 'aborted':
    case 'failed-safe':
    case 'lost':
    case 'unknown':
      return { phase: 'ended', outcome: phase, runsOn: [] };
  }
}
