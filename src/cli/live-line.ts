import type { MigrationPhase, StoredProgress } from '../store/rows.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';

/** Where a migration stands. */
export interface Standing {
  readonly phase: MigrationPhase;
  /** `undefined` until the first reading. */
  readonly progress: StoredProgress | undefined;
  /** Nobody steers it: the rest is as it was last seen. */
  readonly unsteered: boolean;
}

/** One line on how a migration stands, as much of it as fits `width` columns. */
export function liveLine(title: string, standing: Standing, width: number): string {
  const [first = '', ...rest] = lineParts(title, standing);
  let line = first;
  for (const part of rest) {
    if (line.length + separator.length + part.length > width) break;
    line += separator + part;
  }
  return line.slice(0, width);
}

const separator = '  ';

/** What to say, the most wanted first: a narrow terminal shows only the beginning. */
function lineParts(title: string, { phase, progress, unsteered }: Standing): readonly string[] {
  if (unsteered) return [title, `nobody steers it, ${lastSeen(phase, progress)}`];
  if (progress === undefined) return [title, phase];
  const { throttlePercent } = progress;
  return [
    title,
    phase,
    `${Math.floor(progress.percent)} %`,
    endText(progress),
    `sent ${formatBytes(progress.sentBytes)}`,
    `left ${formatBytes(progress.remainingBytes)}`,
    `writes ${formatRate(progress.dirtyRateBytesPerSecond)}, link ${formatRate(progress.bandwidthBytesPerSecond)}`,
    ...(throttlePercent > 0 ? [`throttled ${throttlePercent} %`] : []),
  ];
}

/** Where somebody last saw it. */
export function lastSeen(
  phase: MigrationPhase,
  progress: Pick<StoredProgress, 'percent'> | undefined,
): string {
  const percent = progress === undefined ? '' : ` at ${Math.floor(progress.percent)} %`;
  return `last seen ${phase}${percent}`;
}

function endText({ etaMs, bandwidthBytesPerSecond }: StoredProgress): string {
  if (etaMs !== undefined) return `${formatDuration(etaMs)} to go`;
  return bandwidthBytesPerSecond > 0 ? 'no end in sight' : 'measuring';
}
