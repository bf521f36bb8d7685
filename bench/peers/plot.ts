import { harmMs, type PeerCell, type Result } from './verdict.ts';

const [width, height, margin] = [640, 360, 50];
const colours: Readonly<Record<string, string>> = {
  Drover: '#d62728',
  virsh: '#7f7f7f',
  oVirt: '#2ca02c',
  KubeVirt: '#1f77b4',
  'Proxmox VE': '#ff7f0e',
  'Nova (as published)': '#9467bd',
  static: '#bcbd22',
};

/** SVG: harm to the guest (log) against time, for all that arrived, and the front of them. */
export function plotOf({ drover, others }: PeerCell): string {
  const shown = [drover, ...others].filter(({ figures }) => figures.arrived);
  const x = scale(shown.map(timeOf), margin, width - margin);
  const y = scale(shown.map(harmOf), height - margin, margin);
  const dots = shown.map((result) => {
    const [cx, cy] = [x(timeOf(result)), y(harmOf(result))];
    const fill = colours[result.system] ?? '#000';
    const at = `cx="${cx}" cy="${cy}" r="${result === drover ? 7 : 4}"`;
    const name = `<text x="${cx + 8}" y="${cy + 3}" font-size="9">${result.arm}</text>`;
    return `<circle ${at} fill="${fill}"/>${name}`;
  });
  const line = frontOf(shown).map((result) => `${x(timeOf(result))},${y(harmOf(result))}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${width / 2}" y="${height - 12}" font-size="12">time, log</text>`,
    '<text x="8" y="30" font-size="12">longest pause or lost work, log</text>',
    `<polyline points="${line.join(' ')}" fill="none" stroke="#aaa"/>`,
    ...dots,
    '</svg>',
    '',
  ].join('\n');
}

function timeOf({ figures }: Result): number {
  return figures.totalMs;
}

function harmOf({ figures }: Result): number {
  return Math.max(1, harmMs(figures));
}

function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const span = high - low || 1;
  return (value) => Math.round(from + ((Math.log(value) - low) / span) * (to - from));
}

/** Those that no other beats in both, by time. */
export function frontOf(results: readonly Result[]): readonly Result[] {
  let least = Infinity;
  return results
    .toSorted((a, b) => timeOf(a) - timeOf(b))
    .filter((result) => {
      if (harmOf(result) >= least) return false;
      least = harmOf(result);
      return true;
    });
}
