import type { Figures } from './drive.ts';

/** One scene over one link, on the lab and in the simulator. */
export interface Cell {
  readonly suite: string;
  readonly scene: string;
  readonly linkMbitPerSecond: number;
  readonly lab: Figures;
  readonly simulated: Figures;
}

const mib = 2 ** 20;

type Figure = Exclude<keyof Figures, 'setupMs'>;
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
  return `${shown(cell.lab[figure])} / ${shown(cell.simulated[figure])} (${sign}${off} %)`;
}

function signedDeviation({ lab, simulated }: Cell, figure: Figure): number {
  return (simulated[figure] - lab[figure]) / Math.max(1, lab[figure]);
}

/** The median and the 90th percentile of the deviation, per figure. */
export function verdictLine(cells: readonly Cell[]): string {
  return figures
    .flatMap((figure) => {
      const off = cells
        .map((cell) => Math.abs(signedDeviation(cell, figure)))
        .toSorted((a, b) => a - b);
      const name = figure.replace(/(Ms|Bytes)$/, '');
      return [`${name}_median ${percent(at(off, 0.5))}`, `${name}_p90 ${percent(at(off, 0.9))}`];
    })
    .join(' ');
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
