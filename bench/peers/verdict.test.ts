import { expect, test } from 'vitest';
import type { Pair } from '../steering/cells.ts';
import type { Figures } from '../steering/cost.ts';
import type { Row } from './rows.ts';
import { drover, figures, row } from './rows-in-tests.ts';
import {
  isUndominated,
  meetingsOf,
  peerCellsOf,
  type Standing,
  standingOf,
  worstClassOf,
  worstWithinBudgetOf,
} from './verdict.ts';

/** How 10 s and 100 ms of harm stand to others. */
test.each<[string, Partial<Figures>, Standing]>([
  ['the same', {}, 'equal'],
  ['nearly the same', { totalMs: 10_400, blackoutMs: 118 }, 'equal'],
  ['one that did not arrive', { arrived: false }, 'win'],
  ['a longer pause', { blackoutMs: 200 }, 'win'],
  ['more lost work', { lostWorkMs: 200 }, 'win'],
  ['a slower one', { totalMs: 11_000 }, 'win'],
  ['a faster one', { totalMs: 9_000 }, 'lose'],
  ['a gentler one', { blackoutMs: 10, lostWorkMs: 10 }, 'lose'],
  ['a faster one with a longer pause', { totalMs: 9_000, blackoutMs: 200 }, 'gentler'],
  ['a slower, gentler one', { totalMs: 11_000, blackoutMs: 10, lostWorkMs: 0 }, 'faster'],
  ['a gentler one that stayed', { arrived: false, blackoutMs: 0, lostWorkMs: 0 }, 'arrived'],
])('beside %s', (_, changes, standing) => {
  expect(standingOf(figures, { ...figures, ...changes })).toBe(standing);
});

const petHigh = { slaClass: 'pet', importance: 'high' } as const;
const pandaMedium = { slaClass: 'panda', importance: 'medium' } as const;
const slower = { ...figures, totalMs: 20_000 };

test('each system is taken with the timers that cost it least', () => {
  const rows = [
    drover,
    row({ figures: slower }),
    row({ timers: 'unscaled' }),
    row({ arm: 'o', system: 'oVirt', figures: slower, timers: 'unscaled' }),
  ];
  const [cell] = peerCellsOf(rows);
  expect(cell?.peers.map(({ result, standing }) => [result.system, standing])).toEqual([
    ['virsh', 'equal'],
    ['oVirt', 'win'],
  ]);
  expect(cell?.regret).toBeCloseTo(1, 6);
  expect(cell?.oracle).toBe('virsh, unscaled');
});

const trixie = { suite: 'trixie' } as const;

/** All take longer on trixie, where oVirt is better than Drover, and on forky it is not. */
test('each system is taken on the suite where it stands best beside Drover on the same one', () => {
  const rows = [
    drover,
    { ...drover, ...trixie, figures: slower },
    row({}),
    row({ ...trixie, figures: { ...slower, blackoutMs: 900 } }),
    row({ arm: 'o', system: 'oVirt', figures: slower }),
    row({ ...trixie, arm: 'o', system: 'oVirt', figures: { ...slower, totalMs: 15_000 } }),
    row({ ...trixie, arm: 'k', system: 'KubeVirt', figures: slower }),
  ];
  const met = peerCellsOf(rows).flatMap(({ suite, peers }) =>
    peers.map(({ result, standing }) => [suite, result.system, standing]),
  );
  expect(met).toEqual([
    ['forky', 'virsh', 'equal'],
    ['trixie', 'oVirt', 'lose'],
    ['trixie', 'KubeVirt', 'equal'],
  ]);
});

/** Beside Drover's 10 s and 100 ms: dearer than `rough` in time, than `slow` in harm. */
const rough = row({
  arm: 'k',
  system: 'KubeVirt',
  figures: { ...figures, totalMs: 5_000, blackoutMs: 900 },
});
const slow = row({
  arm: 'o',
  system: 'oVirt',
  figures: { ...figures, totalMs: 30_000, blackoutMs: 50, lostWorkMs: 0 },
});
const best = row({
  arm: 's',
  system: 'static',
  figures: { ...figures, totalMs: 5_000, blackoutMs: 50, lostWorkMs: 0 },
});
const split = { ...best, figures: { ...best.figures, postCopy: true } };
const panda = row({
  arm: 'drover-panda-medium',
  system: 'Drover',
  pair: { slaClass: 'panda', importance: 'medium' },
});

/** Which arm, in hindsight, is better than or equal to most systems, and to how many. */
test.each<[string, readonly Row[], string, number]>([
  ['a mechanism that no system took', [drover, rough, slow, best], 's', 2],
  ["Drover's own, where no other does better", [drover, row({ figures: slower })], drover.arm, 1],
  ["a system's own, which is equal to itself", [drover, rough], rough.arm, 1],
  ['not what the budget forbids', [panda, rough, slow, split], slow.arm, 1],
])('the ceiling of a cell: %s', (_, rows, arm, reachable) => {
  const [cell] = peerCellsOf(rows);
  expect(cell?.ceiling?.arm).toBe(arm);
  expect(cell?.peers.filter((peer) => peer.reachable)).toHaveLength(reachable);
});

test('a cell in which nothing kept to the budget has no ceiling', () => {
  const long = { ...figures, blackoutMs: 5_000 };
  const [cell] = peerCellsOf([{ ...panda, figures: long }, row({ figures: long })]);
  expect(cell?.ceiling).toBeUndefined();
  expect(cell?.peers.map(({ standing, reachable }) => [standing, reachable])).toEqual([
    ['equal', false],
  ]);
});

test.each<[Standing, boolean]>([
  ['win', true],
  ['equal', true],
  ['gentler', true],
  ['stayed', true],
  ['lose', false],
])('%s: not dominated is %s', (standing, expected) => {
  expect(isUndominated(standing)).toBe(expected);
});

test('repetitions count by their median', () => {
  const times = [5_000, 20_000, 10_000];
  const rows = times.map((totalMs, round) => row({ round, figures: { ...figures, totalMs } }));
  const [cell] = peerCellsOf([drover, ...rows]);
  expect(cell?.others.map((other) => other.figures.totalMs)).toEqual([10_000]);
  expect(cell?.others.map(({ runs }) => runs.map(({ totalMs }) => totalMs))).toEqual([times]);
});

test('a class is measured against the system that cost it least', () => {
  // 100 for the pause and 100 for each second: 1,100 beside 2,100 and 550.
  const fast = { ...figures, totalMs: 4_500 };
  const rows = [
    drover,
    row({ figures: slower }),
    row({ arm: 'o', system: 'oVirt', figures: fast }),
  ];
  expect(worstClassOf(meetingsOf(peerCellsOf(rows)))).toBeCloseTo(1, 6);
});

test('what a budget forbids is told apart from what is only dearer', () => {
  const hurried = { ...figures, totalMs: 5_000, postCopy: true };
  const harmless = { scene: 'other' } as const;
  const rows = [
    panda,
    row({ arm: 'o', system: 'oVirt', figures: hurried }),
    { ...panda, ...harmless },
    row({ arm: 'o', system: 'oVirt', ...harmless }),
  ];
  const meetings = meetingsOf(peerCellsOf(rows));
  expect(worstWithinBudgetOf(meetings)).toBeCloseTo(0, 6);
  const [meeting] = meetings;
  expect(meeting).toMatchObject({ slaClass: 'panda', system: 'oVirt', cells: 2, forbidden: 1 });
  expect(meeting?.ratioWithinBudget).toBeCloseTo(1, 6);
});

const gentle = { blackoutMs: 10, lostWorkMs: 0 } as const;

/** A high importance has to end; a medium one may leave a panda where it is, and forbids post-copy of it. */
test.each<[string, Partial<Figures>, Partial<Figures>, Pair, boolean]>([
  [
    'the other left it, unharmed, where it had to leave',
    {},
    { arrived: false, ...gentle },
    petHigh,
    true,
  ],
  ['the other left it where it may stay', {}, { arrived: false, ...gentle }, pandaMedium, false],
  [
    'the other was faster and gentler by post-copy of a panda',
    {},
    { postCopy: true, ...gentle },
    pandaMedium,
    true,
  ],
  [
    'both did post-copy of a panda',
    { postCopy: true },
    { postCopy: true, ...gentle },
    pandaMedium,
    false,
  ],
  ['Drover left it where it had to leave', { arrived: false, ...gentle }, {}, petHigh, false],
  ['Drover throttled beyond the budget', { throttlePercent: 90 }, {}, pandaMedium, false],
])('%s: as asked', (_, mine, other, pair, asAsked) => {
  const [cell] = peerCellsOf([
    { ...drover, pair, figures: { ...figures, ...mine } },
    row({ figures: { ...figures, ...other } }),
  ]);
  expect(cell?.peers.map((peer) => peer.asAsked)).toEqual([asAsked]);
});

test('to give up early is no merit', () => {
  const stays = { ...figures, arrived: false, ...gentle };
  const [cell] = peerCellsOf([
    { ...drover, figures: { ...stays, totalMs: 60_000 } },
    row({ figures: { ...stays, totalMs: 3_000 } }),
  ]);
  expect(cell?.peers.map(({ standing }) => standing)).toEqual(['equal']);
});
