/** Bytes, rates and durations as people read them. */

const byteUnits = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `812 B`, `1.5 MiB`, `128 MiB`: binary units, three significant figures at most. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unlimited';
  let value = Math.abs(bytes);
  let unit: string = 'B';
  for (const larger of byteUnits) {
    // From here on the smaller unit would be rounded to four figures.
    if (value < 999.5) break;
    value /= 1024;
    unit = larger;
  }
  const text = unit === 'B' ? String(Math.round(value)) : shortFigure(value);
  return `${bytes < 0 ? '-' : ''}${text} ${unit}`;
}

/** `45 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `248 ms`, `4.2 s`, `32 s`, `4 min 5 s`, `2 h 10 min`; `never` for an infinite time. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'never';
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return twoUnits(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(seconds / 60);
  return twoUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function shortFigure(value: number): string {
  return value < 9.95 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}
