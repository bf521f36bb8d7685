import type { Recording } from '../../src/recording/recording.ts';
import type { Driven } from '../steering/drive.ts';

/** What became of one guest's move, by who moved it. */
export interface Moved extends Driven {
  readonly sentBytes: number | undefined;
  /** Whether it was switched to post-copy, where no reading shows it. */
  readonly postCopy?: boolean;
  /** Drover's own, where it moved the guest. */
  readonly recording?: Recording;
}
