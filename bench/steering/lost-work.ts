import type { Beat } from '../../src/lab/guest/index.ts';

/** A guest that beats twenty times a second or more is not this long between two beats. */
const fallenSilentMs = 100;

/**
 * How long the guest would have worked for what it did not do between two instants, ms: the time in
 * which it stood still, and the pages that it should have written meanwhile and did not. `beats` are
 * in the observer's order and reach back to `undisturbedSinceMs`. A guest that writes as fast as it
 * can is held to what it did from there to `fromMs`; others to what their workload asks for.
 */
export function lostWorkMs(
  beats: readonly Beat[],
  window: {
    readonly undisturbedSinceMs: number;
    readonly fromMs: number;
    readonly untilMs: number;
  },
): number {
  const { undisturbedSinceMs, fromMs, untilMs } = window;
  const before = between(beats, undisturbedSinceMs, fromMs);
  const during = between(beats, fromMs, untilMs);
  const [first, last] = [during[0], during.at(-1)];
  if (first === undefined || last === undefined) return untilMs - fromMs;
  const fullPagesPerSecond = pagesPerSecond(before);
  const rates = during.map((beat) => rateOf(beat, fullPagesPerSecond));
  const fastest = Math.max(...rates);
  const asked = during.reduce((pages, beat, index) => {
    const next = during[index + 1];
    return next === undefined
      ? pages
      : pages + ((rates[index] ?? 0) * (next.guestMs - beat.guestMs)) / 1000;
  }, 0);
  // A beat is as late as its observer: the end of the window counts only where the guest fell silent.
  const silentMs = untilMs - last.atMs;
  const endMs = silentMs > fallenSilentMs ? untilMs : last.atMs;
  const stoodStillMs = Math.max(0, endMs - first.atMs - (last.guestMs - first.guestMs));
  const missing = Math.max(0, asked - (last.pages - first.pages));
  return stoodStillMs + (fastest > 0 ? (missing / fastest) * 1000 : 0);
}

function between(beats: readonly Beat[], fromMs: number, untilMs: number): readonly Beat[] {
  return beats
    .filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
    .toSorted((a, b) => a.seq - b.seq);
}

function rateOf({ ratePagesPerSecond }: Beat, full: number): number {
  return ratePagesPerSecond === 'full' ? full : ratePagesPerSecond;
}

function pagesPerSecond(beats: readonly Beat[]): number {
  const [first, last] = [beats[0], beats.at(-1)];
  if (first === undefined || last === undefined || last.guestMs <= first.guestMs) return 0;
  return ((last.pages - first.pages) / (last.guestMs - first.guestMs)) * 1000;
}
