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
  /** Whether it might go compressed instead of being able to switch to post-copy; `undefined`: nobody has looked. */
  readonly sounded?: Sounded | undefined;
}

/** What a look at some of a guest's memory, and at its host, says of compressing it. */
export interface Sounded {
  /** So many processors of the source idled just now, 0 and more. */
  readonly idleProcessors: number;
  /** Bytes of memory with content for each byte that zstd makes of them; `undefined`: too few idled to look at it. */
  readonly ratio?: number | undefined;
}

/** A link of which nothing is known is taken for a common one: 1 Gbit/s, of which 94.1 % is payload at an MTU of 1500. */
export const usualLinkBytesPerSecond = 0.941 * 125_000_000;

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
