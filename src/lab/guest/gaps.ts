import type { Beat } from './log.ts';

/** A silence between two beats, in the observer's time. */
export interface Gap {
  /** When the beat before it was read. */
  readonly atMs: number;
  readonly ms: number;
  readonly fromHost: string;
  /** `undefined`: it lasted to the end of the observation. */
  readonly toHost: string | undefined;
}

/**
 * The silences between beats, in order, the one up to the end of the observation among them.
 *
 * A silence is the time between two stamps, unless the observer itself was late and then read
 * several beats at once. Their stamps say nothing of the time between them, but the guest's clock
 * does: it runs while the guest does. Only the last of them was read promptly; by how much its clock
 * fell behind since the last prompt beat before, so long the guest was stopped.
 */
export function gapsBetween(beats: readonly Beat[], untilMs: number): Gap[] {
  const stopped = stoppedMs(beats);
  return beats.map((beat, index) => {
    const next = beats[index + 1];
    const ms =
      next === undefined
        ? untilMs - beat.atMs
        : next.guestMs - beat.guestMs + (stopped[index + 1] ?? 0) - (stopped[index] ?? 0);
    return { atMs: beat.atMs, ms: Math.max(ms, 0), fromHost: beat.host, toHost: next?.host };
  });
}

/** For each beat, how far the guest's clock is behind at the last beat that was read with it. */
function stoppedMs(beats: readonly Beat[]): number[] {
  const behind: number[] = [];
  for (const [index, beat] of [...beats.entries()].toReversed()) {
    const isLate = beats[index + 1]?.atMs === beat.atMs;
    behind[index] = isLate ? (behind[index + 1] ?? 0) : beat.atMs - beat.guestMs;
  }
  return behind;
}

export function longestGap(gaps: readonly Gap[]): Gap | undefined {
  return gaps.reduce<Gap | undefined>(
    (longest, gap) => (longest === undefined || gap.ms > longest.ms ? gap : longest),
    undefined,
  );
}

/** Gaps of which some part lies in the window. */
export function gapsWithin(gaps: readonly Gap[], fromMs: number, toMs: number): Gap[] {
  return gaps.filter((gap) => gap.atMs + gap.ms >= fromMs && gap.atMs <= toMs);
}

/** The gap in which the guest changed hosts; the last one if it did so more than once. */
export function switchOver(gaps: readonly Gap[]): Gap | undefined {
  return gaps.findLast((gap) => gap.toHost !== undefined && gap.toHost !== gap.fromHost);
}

/** The middle one of the numbers; 0 for none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
