import { formatDuration } from '../../src/units/format.ts';
import type { Figures } from '../steering/cost.ts';
import { drawnFrom, intervalOver, shareOver } from './intervals.ts';
import { harmMs, isKept, middleOf, type PeerCell, type Result, standingOf } from './verdict.ts';

/** Markdown: what chance did in a cell; nothing where each arm was run once. */
export function repetitionTable({ drover, others }: PeerCell): readonly string[] {
  const all = [drover, ...others.toSorted((a, b) => a.cost - b.cost)];
  if (all.every(({ runs }) => runs.length === 1)) return [];
  return [
    '',
    'Over the repetitions: medians, and in brackets the middle 90 % of medians drawn from them again; in how many draws Drover is better or equal.',
    '',
    '| arm | runs | arrived | time | harm | Drover better or equal |',
    '|---|---|---|---|---|---|',
    ...all.map((result) => row(result, drover)),
  ];
}

/** Of all pairs of a cell and a system, how many Drover keeps: the middle 90 % over draws of both's runs. */
export function keptInterval(cells: readonly PeerCell[]): readonly [number, number] {
  return intervalOver(
    (random) =>
      cells.flatMap(({ drover, peers }) =>
        peers.filter(({ result }) => keptInDraw(drover, result, random)),
      ).length,
  );
}

function row(result: Result, drover: Result): string {
  const { arm, runs } = result;
  const arrived = runs.filter((run) => run.arrived).length;
  const kept = shareOver((random) => keptInDraw(drover, result, random));
  return `| ${[
    result === drover ? `**${arm}**` : arm,
    runs.length,
    arrived === runs.length ? 'all' : arrived,
    middleText(result, ({ totalMs }) => totalMs),
    middleText(result, harmMs),
    result === drover ? '' : `${Math.round(kept * 100)} %`,
  ].join(' | ')} |`;
}

function keptInDraw(drover: Result, other: Result, random: () => number): boolean {
  const [mine, others] = [drover, other].map(({ runs }) => middleOf(drawnFrom(runs, random)));
  return mine !== undefined && others !== undefined && isKept(standingOf(mine, others));
}

function middleText({ figures, runs }: Result, of: (figures: Figures) => number): string {
  const [low, high] = intervalOver((random) => of(middleOf(drawnFrom(runs, random))));
  return `${formatDuration(of(figures))} (${formatDuration(low)} to ${formatDuration(high)})`;
}
