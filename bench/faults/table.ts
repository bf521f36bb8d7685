import type { Found } from '../../tests/faults/cell.ts';
import { faults, type Phase, phases } from '../../tests/faults/matrix.ts';

const begin = '<!-- faults: begin -->';
const end = '<!-- faults: end -->';

/** The page with the table of these results between its marks. */
export function withTable(page: string, results: readonly Found[]): string {
  const [before, rest] = page.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) throw new Error('docs/safety.md has no marks');
  return `${before}${begin}\n\n${tableOf(results)}\n\n${end}${after}`;
}

function tableOf(results: readonly Found[]): string {
  const head = ['fault', ...phases];
  const rows = faults.map(({ name, notIn = [] }) => [
    name,
    ...phases.map((phase) =>
      notIn.includes(phase) ? '-' : cellOf(results.find((one) => isIn(one, phase, name))),
    ),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [...lines, '', ...causes()].join('\n');
}

/** Why the guest of a cell could not be kept, or not be had to go on. */
function causes(): readonly string[] {
  return faults.flatMap(({ name, physics = {}, halts = {} }) =>
    phases.flatMap((phase) => {
      const because = physics[phase] ?? halts[phase];
      return because === undefined ? [] : [`- ${name}, ${phase}: ${because}.`];
    }),
  );
}

function isIn(one: Found, phase: Phase, fault: string): boolean {
  return one.phase === phase && one.fault === fault;
}

function cellOf(found: Found | undefined): string {
  if (found === undefined) return '**not reached**';
  const { verdict, told, longestStallMs, truthMs } = found;
  const truth = truthMs === undefined ? '' : `, ${inSeconds(truthMs)}`;
  const what = verdict === 'wrong' ? `**WRONG**: ${found.problem ?? ''}` : told;
  return `${what}; ${inSeconds(longestStallMs)}${truth}`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
