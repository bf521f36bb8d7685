import {
  isKept,
  isUndominated,
  type Peer,
  type PeerCell,
  type Standing,
  standingOf,
} from './verdict.ts';

const kinds: readonly Standing[] = [
  'win',
  'equal',
  'gentler',
  'faster',
  'arrived',
  'stayed',
  'lose',
];

/** A line for each key, in its order: how often Drover stood how. */
function standingRows(
  all: readonly { readonly key: string; readonly standing: Standing }[],
): readonly string[] {
  return [...Map.groupBy(all, ({ key }) => key)]
    .map(([key, ones]) => {
      const counts = kinds.map((kind) => ones.filter(({ standing }) => standing === kind).length);
      const shares = [isKept, isUndominated].map((holds) =>
        shareText(ones, ({ standing }) => holds(standing)),
      );
      return `| ${key} | ${[...counts, ...shares].join(' | ')} |`;
    })
    .toSorted();
}

/** 0 to 1; `NaN`: there are none. */
export function shareOf<T>(all: readonly T[], holds: (one: T) => boolean): number {
  return all.filter(holds).length / all.length;
}

/** `-`: there are none. */
export function shareText<T>(all: readonly T[], holds: (one: T) => boolean): string {
  return all.length === 0 ? '-' : `${Math.round(shareOf(all, holds) * 100)} %`;
}

/** The heads of what `pairShares` gives. */
export const pairHeads = 'pairs | win or equal | as asked | ceiling | not dominated';

/** How many pairs there are, and in which share of them Drover stands how. */
export function pairShares(pairs: readonly Peer[]): readonly string[] {
  return [
    String(pairs.length),
    shareText(pairs, ({ standing }) => isKept(standing)),
    shareText(pairs, ({ asAsked }) => asAsked),
    shareText(pairs, ({ reachable }) => reachable),
    shareText(pairs, ({ standing }) => isUndominated(standing)),
  ];
}

const shareHeads = 'win or equal | not dominated';

export function standings(cells: readonly PeerCell[]): string {
  const all = cells.flatMap(({ pair, peers }) =>
    peers.flatMap(({ result, standing }) =>
      ['all', pair.slaClass].map((whose) => ({ key: `${whose} | ${result.system}`, standing })),
    ),
  );
  return [
    '## Win, equal, trade, lose',
    '',
    'Each system with its cheapest arm in each cell, as if somebody chose the best of its policies for every guest anew. Drover wins where it is worse in nothing (arrived, harm, time) and better in something; where it is better in one and worse in another it is gentler (less harm, more time), faster (less time, more harm), or only one of the two arrived (`arrived`: Drover; `stayed`: the other). Who did not arrive is held to the time at which all others were cancelled. The risk of post-copy is in none of these three.',
    '',
    `| class | beside | ${kinds.join(' | ')} | ${shareHeads} |`,
    `|---|---|${kinds.map(() => '---|').join('')}---|---|`,
    ...standingRows(all),
  ].join('\n');
}

/** The same pairs, beside what could be had, and without what a budget forbids. */
export function bounds(cells: readonly PeerCell[]): string {
  const all = cells.flatMap(({ pair, peers }) =>
    peers.flatMap((peer) =>
      ['all', `all, ${pair.slaClass}`, peer.result.system].map((key) => ({ key, ...peer })),
    ),
  );
  const rows = [...Map.groupBy(all, ({ key }) => key)].map(([key, ones]) => {
    const within = ones.filter(({ result }) => result.forbidden === undefined);
    return `| ${[
      key,
      ...pairShares(ones),
      within.length,
      shareText(within, ({ standing }) => isKept(standing)),
      shareText(within, ({ standing }) => isUndominated(standing)),
    ].join(' | ')} |`;
  });
  return [
    '## What could be had',
    '',
    '- **Ceiling**: in each cell that one arm of all measured, Drover among them, that the budget allows and that is better than or equal to most systems: chosen when all was over, and for nothing but these pairs.',
    "- **As asked**: who did what the guest's budget forbids, or left it where the operation has to end, did not do what was asked; it is worse than who did, whatever else. Between two who did, or did not, what is better or equal in everything.",
    '- **Not dominated**: the system is not better or equal in everything and better in something.',
    "- **Within the budget**: only those pairs in which the system did nothing that the guest's budget forbids.",
    '',
    `| beside | ${pairHeads} | pairs within the budget | win or equal of them | not dominated of them |`,
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.toSorted(),
  ].join('\n');
}

/** A policy is chosen once, for all guests. */
export function policies(cells: readonly PeerCell[]): string {
  const all = cells.flatMap(({ drover, others }) =>
    others
      .filter(({ system }) => system !== 'static')
      .map(({ arm, figures }) => ({ key: arm, standing: standingOf(drover.figures, figures) })),
  );
  return [
    '## Beside each policy, taken for all guests',
    '',
    'As operators have it: one policy for every guest, of every class.',
    '',
    `| policy | ${kinds.join(' | ')} | ${shareHeads} |`,
    `|---|${kinds.map(() => '---|').join('')}---|---|`,
    ...standingRows(all),
  ].join('\n');
}
