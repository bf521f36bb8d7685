import { describe, expect, test } from 'vitest';
import type { MigrationRow } from '../store/rows.ts';
import { admissible, type Limits } from './admission.ts';

const now = 1_000_000;
const twoEach: Limits = {
  outgoing: () => 2,
  incoming: () => 2,
  singlesOutgoing: () => Infinity,
  singlesIncoming: () => Infinity,
  linkOf: () => undefined,
  onLink: () => Infinity,
};

function row(id: string, more: Partial<MigrationRow> = {}): MigrationRow {
  return {
    id,
    origin: 'request',
    vm: id,
    vmName: undefined,
    vmUuid: undefined,
    from: 'h1',
    to: 'h2',
    slaClass: undefined,
    reason: undefined,
    importance: 'medium',
    deadlineAt: undefined,
    operationId: undefined,
    requestedBy: 'me',
    requestedAt: now,
    startedAt: undefined,
    endedAt: undefined,
    phase: 'queued',
    cancelRequested: false,
    pointOfNoReturnAt: undefined,
    owner: undefined,
    epoch: 0,
    revision: 1,
    progress: undefined,
    error: undefined,
    end: undefined,
    ...more,
  };
}

interface Case {
  readonly name: string;
  readonly queued: readonly MigrationRow[];
  readonly running?: readonly MigrationRow[];
  readonly limits?: Partial<Limits>;
  readonly admitted: readonly string[];
}

const drain = { operationId: 'drain' };
const cases: readonly Case[] = [
  { name: 'nobody waits', queued: [], admitted: [] },
  {
    name: 'by importance, then deadline, then age',
    queued: [
      row('old', { requestedAt: now - 10 }),
      row('late', { deadlineAt: now + 9_000 }),
      row('soon', { deadlineAt: now + 1_000 }),
      row('low', { importance: 'low' }),
      row('high', { importance: 'high' }),
    ],
    limits: { outgoing: () => 9, incoming: () => 9 },
    admitted: ['high', 'soon', 'late', 'old', 'low'],
  },
  {
    name: 'as many as the source lets out',
    queued: [row('a'), row('b', { to: 'h3' }), row('c', { to: 'h4' })],
    admitted: ['a', 'b'],
  },
  {
    name: 'as many as the destination lets in, those that run counted',
    queued: [row('a', { from: 'h3' }), row('b', { from: 'h4' })],
    running: [row('r', { from: 'h5', phase: 'copying' })],
    admitted: ['a'],
  },
  {
    name: 'as many as a link carries, and who does not pass it goes all the same',
    queued: [row('a'), row('b', { from: 'h3' }), row('c', { from: 'h3', to: 'h4' })],
    limits: { linkOf: (host) => (host === 'h2' ? 'rack' : undefined), onLink: () => 1 },
    admitted: ['a', 'c'],
  },
  {
    name: 'who cannot go now does not hold up those behind',
    queued: [row('a', { importance: 'high' }), row('b', { from: 'h3', to: 'h4' })],
    running: [row('x', { phase: 'copying' }), row('y', { phase: 'copying' })],
    admitted: ['b'],
  },
  {
    name: 'one VM moves once at a time, by whatever name it was asked for',
    queued: [row('a', { vm: 'uuid-1' }), row('b', { vm: 'db' })],
    running: [row('r', { phase: 'copying', vm: 'x', vmName: 'db', vmUuid: 'uuid-1' })],
    admitted: [],
  },
  {
    name: 'the same VM, asked for twice, waits for itself',
    queued: [row('a', { vm: 'db' }), row('b', { vm: 'db' })],
    admitted: ['a'],
  },
  {
    name: 'what is to be cancelled needs no room',
    queued: [row('a', { cancelRequested: true })],
    running: [row('x', { phase: 'copying' }), row('y', { phase: 'copying' })],
    admitted: ['a'],
  },
  {
    name: 'what is adopted runs already, and needs no room',
    queued: [row('a', { origin: 'adopted' })],
    running: [row('x', { phase: 'copying' }), row('y', { phase: 'copying' })],
    admitted: ['a'],
  },
  {
    name: 'singles go one after another over a way that one fills, the most important first',
    queued: [row('a'), row('b', { importance: 'high' }), row('c', { from: 'h3', to: 'h4' })],
    limits: { singlesOutgoing: () => 1 },
    admitted: ['b', 'c'],
  },
  {
    name: 'nobody waits for a single that matters less',
    queued: [row('a'), row('b', { importance: 'low' })],
    running: [row('r', { importance: 'low', phase: 'copying' })],
    limits: { singlesOutgoing: () => 1 },
    admitted: ['a'],
  },
  {
    name: 'into a host, too',
    queued: [row('a', { from: 'h3' }), row('b', { from: 'h4' })],
    limits: { singlesIncoming: () => 1 },
    admitted: ['a'],
  },
  {
    name: 'a drain decides for itself, and a single goes beside it',
    queued: [row('d1', drain), row('single', { to: 'h3' })],
    running: [row('d0', { ...drain, phase: 'copying', to: 'h4' })],
    limits: { outgoing: () => 3, singlesOutgoing: () => 1 },
    admitted: ['d1', 'single'],
  },
  {
    name: 'a drain leaves the last room to a single that waits for it',
    queued: [
      row('d1', { ...drain, importance: 'high' }),
      row('d2', { ...drain, importance: 'high' }),
      row('single', { importance: 'low', to: 'h3' }),
    ],
    admitted: ['d1', 'single'],
  },
  {
    name: 'a drain takes all room where no single waits for it',
    queued: [row('d1', drain), row('d2', drain), row('other', { from: 'h8', to: 'h9' })],
    admitted: ['d1', 'd2', 'other'],
  },
  {
    name: 'a drain does not leave room that the single could not use',
    queued: [row('d1', drain), row('d2', drain), row('single', { to: 'full' })],
    limits: { incoming: (host) => (host === 'full' ? 0 : 9) },
    admitted: ['d1', 'd2'],
  },
  {
    name: 'where there is only room for one, a single grows more important with time',
    queued: [
      row('d', { ...drain, importance: 'high', requestedAt: now - 600_000 }),
      row('single', { importance: 'low', requestedAt: now - 400_000 }),
    ],
    limits: { outgoing: () => 1 },
    admitted: ['single'],
  },
];

describe('admission', () => {
  test.each(cases)('$name', ({ queued, running = [], limits, admitted }) => {
    expect(admissible({ queued, running }, { ...twoEach, ...limits }, now)).toEqual(admitted);
  });
});
