import type { Figures } from './drive.ts';
import type { Cell } from './recorded.ts';

const mib = 2 ** 20;

export type Figure = Exclude<keyof Figures, 'setupMs'>;
const figures: readonly Figure[] = ['totalMs', 'sentBytes', 'blackoutMs', 'syncs'];
const heads: Readonly<Record<Figure, string>> = {
  totalMs: 'time, ms',
  sentBytes: 'sent, MiB',
  blackoutMs: 'blackout, ms',
  syncs: 'syncs',
};

/** Lab, simulator and how far the simulator is off, per figure. */
export function table(cells: readonly Cell[]): string {
  const head = ['suite', 'link', 'scene', ...figures.map((figure) => heads[figure])];
  const rows = cells.map((cell) => [
    cell.suite,
    String(cell.linkMbitPerSecond),
    cell.scene,
    ...figures.map((figure) => compared(cell, figure)),
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function compared(cell: Cell, figure: Figure): string {
  const shown = (value: number): string =>
    figure === 'sentBytes' ? (value / mib).toFixed(1) : String(Math.round(value));
  const off = Math.round(signedDeviation(cell, figure) * 100);
  const sign = off > 0 ? '+' : '';
  return `${shown(cell.figures[figure])} / ${shown(cell.simulated[figure])} (${sign}${off} %)`;
}

function signedDeviation({ figures: lab, simulated }: Cell, figure: Figure): number {
  return (simulated[figure] - lab[figure]) / Math.max(1, lab[figure]);
}

/** By how much the simulator is off, as a share of the lab's figure. */
export interface Deviation {
  readonly median: number;
  readonly p90: number;
}

export function deviationOf(cells: readonly Cell[], figure: Figure): Deviation {
  const off = cells
    .map((cell) => Math.abs(signedDeviation(cell, figure)))
    .toSorted((a, b) => a - b);
  return { median: at(off, 0.5), p90: at(off, 0.9) };
}

export function verdictLine(cells: readonly Cell[]): string {
  return figures
    .flatMap((figure) => {
      const { median, p90 } = deviationOf(cells, figure);
      const name = figure.replace(/(Ms|Bytes)$/, '');
      return [`${name}_median ${percent(median)}`, `${name}_p90 ${percent(p90)}`];
    })
    .join(' ');
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
