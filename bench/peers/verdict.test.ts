import { expect, test } from 'vitest';
import type { Figures } from '../steering/cost.ts';
import type { Row } from './rows.ts';
import {
  meetingsOf,
  peerCellsOf,
  type Standing,
  standingOf,
  worstClassOf,
  worstWithinBudgetOf,
} from './verdict.ts';

const figures: Figures = {
  arrived: true,
  totalMs: 10_000,
  blackoutMs: 100,
  lostWorkMs: 80,
  sentBytes: 0,
  postCopy: false,
  throttlePercent: 0,
};

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

function row(changes: Partial<Row>): Row {
  return {
    at: '2026-01-01T00:00:00Z',
    machine: 'm',
    suite: 'forky',
    qemu: '11',
    libvirt: '12',
    timers: 'scaled',
    round: 0,
    seed: 1,
    scene: 's',
    does: 'idle',
    memoryMib: 64,
    guests: 1,
    guest: 'beat',
    linkMbitPerSecond: 300,
    linkCheckedMbitPerSecond: 287,
    sentMbitPerSecond: null,
    postCopyRecoverable: true,
    arm: 'virsh',
    system: 'virsh',
    pair: null,
    harm: null,
    cpuMs: 0,
    figures,
    ...changes,
  };
}

const drover = row({
  arm: 'drover-pet-high',
  system: 'Drover',
  pair: { slaClass: 'pet', importance: 'high' },
});
const slower = { ...figures, totalMs: 20_000 };

test('each system is taken with the suite and the timers that cost it least', () => {
  const rows = [
    drover,
    row({ figures: slower }),
    row({ suite: 'trixie' }),
    row({ arm: 'o', system: 'oVirt', figures: slower, timers: 'unscaled' }),
  ];
  const [cell] = peerCellsOf(rows);
  expect(cell?.peers.map(({ result, standing }) => [result.system, standing])).toEqual([
    ['virsh', 'equal'],
    ['oVirt', 'win'],
  ]);
  expect(cell?.regret).toBeCloseTo(1, 6);
  expect(cell?.oracle).toBe('virsh');
});

test('repetitions count by their median', () => {
  const times = [5_000, 20_000, 10_000];
  const rows = times.map((totalMs, round) => row({ round, figures: { ...figures, totalMs } }));
  const [cell] = peerCellsOf([drover, ...rows]);
  expect(cell?.others.map((other) => other.figures.totalMs)).toEqual([10_000]);
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
  const panda = row({
    arm: 'drover-panda-medium',
    system: 'Drover',
    pair: { slaClass: 'panda', importance: 'medium' },
  });
  const split = { ...figures, totalMs: 5_000, postCopy: true };
  const harmless = { scene: 'other' } as const;
  const rows = [
    panda,
    row({ arm: 'o', system: 'oVirt', figures: split }),
    { ...panda, ...harmless },
    row({ arm: 'o', system: 'oVirt', ...harmless }),
  ];
  const meetings = meetingsOf(peerCellsOf(rows));
  expect(worstWithinBudgetOf(meetings)).toBeCloseTo(0, 6);
  const [meeting] = meetings;
  expect(meeting).toMatchObject({ slaClass: 'panda', system: 'oVirt', cells: 2, forbidden: 1 });
  expect(meeting?.ratioWithinBudget).toBeCloseTo(1, 6);
});
