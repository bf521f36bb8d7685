import type { Figures } from './drive.ts';
import type { PostCopyRun } from './post-copy.ts';
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
  return tableOf(head, rows);
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
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

/** By how much the simulator is off. */
export interface Deviation {
  readonly median: number;
  readonly p90: number;
}

/** As a share of the lab's figure. */
export function deviationOf(cells: readonly Cell[], figure: Figure): Deviation {
  return spread(cells.map((cell) => Math.abs(signedDeviation(cell, figure))));
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

/** Lab and simulator: what guests suffered by post-copy. */
export function postCopyTable(runs: readonly PostCopyRun[]): string {
  const rows = runs
    .toSorted(
      (a, b) => a.row.scene.localeCompare(b.row.scene) || a.row.arm.localeCompare(b.row.arm),
    )
    .map(({ row, lab, simulated }) => [
      row.suite,
      row.scene,
      row.arm,
      `${Math.round(lab.pausedMs)} / ${Math.round(simulated.pausedMs)}`,
      `${Math.round(lab.lostWorkMs)} / ${Math.round(simulated.lostWorkMs)}`,
    ]);
  return tableOf(['suite', 'scene', 'moved by', 'pause, ms', 'lost work, ms'], rows);
}

/** By how much the simulator is off in what guests lost that do not write as fast as they can, ms. */
export function lostWorkOff(runs: readonly PostCopyRun[]): Deviation {
  return spread(runs.filter(({ isUnlimited }) => !isUnlimited).map(lostWorkOffMs));
}

function lostWorkOffMs({ lab, simulated }: PostCopyRun): number {
  return Math.abs(simulated.lostWorkMs - lab.lostWorkMs);
}

export function postCopyLine(runs: readonly PostCopyRun[]): string {
  const { median, p90 } = lostWorkOff(runs);
  const unlimited = spread(runs.filter(({ isUnlimited }) => isUnlimited).map(lostWorkOffMs));
  return [
    `runs ${runs.length} lost_median ${Math.round(median)} ms lost_p90 ${Math.round(p90)} ms`,
    `unlimited_median ${Math.round(unlimited.median)} ms unlimited_p90 ${Math.round(unlimited.p90)} ms`,
  ].join(' ');
}

function spread(off: readonly number[]): Deviation {
  const sorted = off.toSorted((a, b) => a - b);
  return { median: at(sorted, 0.5), p90: at(sorted, 0.9) };
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
