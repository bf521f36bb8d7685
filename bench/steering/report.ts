import { formatBytes, formatDuration } from '../../src/units/format.ts';
import type { Figures } from './cost.ts';
import type { Cell, Verdict } from './regret.ts';

/** Markdown: what every arm did in one cell. */
export function cellTable(cell: Cell): string {
  const { name, suite, drover, rivals, oracle, cheapest, regret, regretToAll } = cell;
  const rows = [
    armRow('**drover**', drover.figures, drover.cost, ''),
    ...rivals
      .toSorted((a, b) => a.cost - b.cost)
      .map((rival) => armRow(rival.name, rival.figures, rival.cost, rival.forbidden ?? '')),
  ];
  const toAll = cheapest === oracle ? '' : `, ${regretToAll.toFixed(2)} to ${cheapest.name}`;
  return [
    `### ${suite}, ${name}: regret ${regret.toFixed(2)} to ${oracle.name}${toAll}\n`,
    '| arm | arrived | time | blackout | lost work | sent | cost | not allowed |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** Markdown: a row with what one arm did, and whatever else is said of it. */
export function armRow(
  name: string,
  figures: Figures,
  cost: number,
  ...rest: readonly string[]
): string {
  const { arrived, totalMs, blackoutMs, lostWorkMs, sentBytes, postCopy } = figures;
  const how = postCopy ? 'yes, by post-copy' : 'yes';
  return `| ${[
    name,
    arrived ? how : 'no',
    formatDuration(totalMs),
    formatDuration(blackoutMs),
    formatDuration(lostWorkMs),
    formatBytes(sentBytes),
    Math.round(cost),
    ...rest,
  ].join(' | ')} |`;
}

/** Markdown: a row for each cell. `all`: against the cheapest arm, allowed or not. */
export function summaryTable(cells: readonly Cell[]): string {
  const rows = cells.map(({ name, drover, oracle, cheapest, regret, regretToAll }) => {
    const { figures, cost } = drover;
    const did = `${wayOf(figures)} ${formatDuration(figures.totalMs)}`;
    const pauses = `${formatDuration(figures.blackoutMs)} | ${formatDuration(figures.lostWorkMs)}`;
    const against = `${oracle.name} (${Math.round(oracle.cost)})`;
    const all = `${cheapest.name} (${Math.round(cheapest.cost)})`;
    return `| ${name} | ${did} | ${pauses} | ${Math.round(cost)} | ${against} | ${regret.toFixed(2)} | ${all} | ${regretToAll.toFixed(2)} |`;
  });
  return [
    '| cell | drover | blackout | lost work | cost | oracle (cost) | regret | cheapest of all (cost) | regret to it |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function wayOf({ arrived, postCopy }: Figures): string {
  if (!arrived) return 'stayed after';
  return postCopy ? 'post-copy,' : 'pre-copy,';
}

/** Markdown: the same cells on two suites. */
export function differenceTable(cells: readonly Cell[], suites: readonly [string, string]): string {
  const [one, other] = suites;
  const head = `| cell | ${suites.map((suite) => `${suite}: drover | cost | regret`).join(' | ')} |`;
  const rows = cells.flatMap((cell) => {
    if (cell.suite !== one) return [];
    const twin = cells.find(({ name, suite }) => name === cell.name && suite === other);
    return twin === undefined ? [] : [`| ${cell.name} | ${half(cell)} | ${half(twin)} |`];
  });
  return [head, '|---|---|---|---|---|---|---|', ...rows, ''].join('\n');
}

function half({ drover, regret }: Cell): string {
  const { figures, cost } = drover;
  const what = `${wayOf(figures)} ${formatDuration(figures.totalMs)}, ${formatDuration(figures.blackoutMs)}`;
  return `${what} | ${Math.round(cost)} | ${regret.toFixed(2)}`;
}

export function verdictLine(
  verdict: Verdict,
  harm: { readonly lost: number; readonly corrupt: number },
): string {
  const { cells, mean, sum, worst, withoutWins, meanToAll } = verdict;
  return [
    `cells ${cells} regret_mean ${mean.toFixed(3)} regret_sum ${sum.toFixed(3)}`,
    `worst ${worst.toFixed(2)} lost ${harm.lost} corrupt ${harm.corrupt}`,
    `without_wins ${withoutWins.toFixed(3)} mean_to_all ${meanToAll.toFixed(3)}`,
  ].join(' ');
}
