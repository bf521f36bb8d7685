import { carries, type PeerScene } from '../peers/cells.ts';
import { pairHeads, pairShares } from '../peers/standings.ts';
import type { PeerCell } from '../peers/verdict.ts';

/** What is written as a share of what the link carries, up to so much. */
const rhos = [
  { name: 'under 0.15', until: 0.15 },
  { name: '0.15 to 0.5', until: 0.5 },
  { name: '0.5 to 1', until: 1 },
  { name: 'over 1', until: Infinity },
] as const;

/** How Drover stands by what the guests write, and how fast. */
export function kindTable(cells: readonly PeerCell[], scenes: readonly PeerScene[]): string {
  const kinds = new Map(scenes.map((scene) => [scene.name, kindOf(scene)]));
  const all = cells.flatMap(({ scene, peers }) =>
    peers.map((peer) => ({ kind: kinds.get(scene) ?? '', ...peer })),
  );
  const rows = [...Map.groupBy(all, ({ kind }) => kind)].map(
    ([kind, ones]) => `| ${[kind, ...pairShares(ones)].join(' | ')} |`,
  );
  return [
    `| writes | of the link | ${pairHeads} |`,
    '|---|---|---|---|---|---|---|',
    ...rows.toSorted(),
    '',
  ].join('\n');
}

function kindOf({ does, linkMbitPerSecond }: PeerScene): string {
  const [pattern = ''] = does.split(':');
  const rateMib = Number(/rate=(\d+)MiB/.exec(does)?.[1] ?? 0);
  const rho = rateMib / carries(linkMbitPerSecond);
  return `${pattern} | ${rhos.find(({ until }) => rho < until)?.name ?? ''}`;
}
