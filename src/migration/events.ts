import type { Sample } from '../forecast/telemetry.ts';
import type { Decision } from '../steering/decision.ts';
import type { Progress } from './progress.ts';
import type { MigrationState } from './transition.ts';

/** What somebody who watches a migration is told, as it happens. */
export type RunEvent =
  | { readonly kind: 'phase'; readonly phase: MigrationState['phase']; readonly atMs: number }
  | { readonly kind: 'progress'; readonly progress: Progress; readonly sample: Sample }
  /** The guest runs at its destination with all of its memory; libvirt has still to clear up. */
  | { readonly kind: 'landed' }
  | { readonly kind: 'decision'; readonly decision: Decision }
  /** Something a person should know: a refused request, a retry, a host that does not answer. */
  | { readonly kind: 'notice'; readonly message: string; readonly atMs: number }
  /** A sentence that belongs to the story alone. */
  | { readonly kind: 'why'; readonly message: string };
