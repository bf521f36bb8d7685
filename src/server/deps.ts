import type { Controller } from '../controller/controller.ts';
import type { Metrics } from './metrics.ts';

/** What the routes work with. */
export interface Deps {
  readonly controller: Controller;
  readonly metrics: Metrics;
  readonly version: string;
  readonly wallMs: () => number;
  readonly log: (message: string, error: unknown) => void;
}
