import type { Latest } from './record.ts';
import type { MigrationState } from './transition.ts';

/** A steady watch: 4 readings a second cost a daemon next to nothing. */
const steadyMs = 250;
/** Near the switch-over a decision that is late by a quarter of a second is a wrong one. */
const closeMs = 60;
/**
 * Before it readings are not to keep in step with QEMU 11.1, which looks for dirty pages every 62 ms: for seconds on end each
 * would come as long after a look, and show as much less than was left at it.
 */
const nearEndMs = 40;
/** What is left would be across within this time. */
const nearMs = 1_000;
/** Where readings are spared, the next one comes when this part of the way to the end is over. */
const partOfTheWay = 1 / 4;

/** A migration of which nothing can be seen is looked for again after this long. */
const unknownMs = 5_000;

/** Whether a guest waits for its memory after a switch to post-copy shows within this, or not at all. */
const newlySplitMs = 1_000;

/**
 * How long to wait until the next reading, ms. `spare`: how many times rarer than usual one that is
 * far from its end may be read, because so many are; 1: nobody has to be spared. Near its end each
 * is read as often as ever. `splitMs`: how long it has run split.
 */
export function pauseMs(
  state: MigrationState,
  latest: Latest | undefined,
  spare: number,
  splitMs: number,
): number {
  if (state.phase === 'ended') return unknownMs;
  if (state.phase === 'switching') return closeMs;
  if (state.phase === 'post-copy' && splitMs < newlySplitMs) return closeMs;
  if (state.phase !== 'copying') return steadyMs * spare;
  if (latest === undefined) return steadyMs;
  const rate = latest.throughputBytesPerSecond;
  const leftMs = rate > 0 ? (latest.memoryRemainingBytes / rate) * 1000 : Infinity;
  if (leftMs < nearMs) return nearEndMs;
  return Math.min(steadyMs * spare, Math.max(steadyMs, leftMs * partOfTheWay));
}
