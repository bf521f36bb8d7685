import type { Written } from './working-set.ts';

/** What is known of a guest and of the way before its migration begins. */
export interface Prior {
  /** What the way is expected to carry, bytes/s, and how that is known; `undefined`: unknown. */
  readonly bandwidthBytesPerSecond: number | undefined;
  /** Memory with content: what a first pass has to carry, bytes. */
  readonly touchedBytes: number | undefined;
  /** What it was seen to write. */
  readonly written: readonly Written[];
  /** Whether QEMU looks for dirty pages all the time, or at the end of each pass. */
  readonly syncing: Syncing;
}

/**
 * QEMU up to 10 looks for dirty pages when a pass over the memory ends; QEMU 11.1 does so sixteen
 * times a second beside the passes.
 */
export type Syncing = 'passes' | 'continuous';

export const nothingKnown: Prior = {
  bandwidthBytesPerSecond: undefined,
  touchedBytes: undefined,
  written: [],
  syncing: 'continuous',
};
