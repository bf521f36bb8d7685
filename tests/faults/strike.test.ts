import { describe, expect, test } from 'vitest';
import type { DomainState, Host } from '../../src/hypervisor/port.ts';
import type { Phase } from './matrix.ts';
import { isAcross } from './phase.ts';
import { type Strike, tooLate } from './strike.ts';

/** A guest of 1000 pages moves from 50 s on; the fault has begun 5 s later. */
const strike: Omit<Strike, 'phase'> = {
  atMs: 5_000,
  wallMs: 55_000,
  startedAt: 50_000,
  whole: false,
  beats: [{ host: 'h1', atMs: 4_980 }],
  samples: [],
  events: [],
};

function said(phase: string, at: number): Partial<Strike> {
  return { events: [{ at, type: 'migration.phase', data: { phase } }] };
}

function pagesSent(normalPages: number, atMs: number): Partial<Strike> {
  const memory = { memoryTotalBytes: 4_096_000, pageSizeBytes: 4_096 };
  return { samples: [{ atMs, phase: 'pre-copy', normalPages, constantPages: 100, ...memory }] };
}

/** Nothing is known of the memory at first. */
const noFigures = {
  memoryTotalBytes: 0,
  pageSizeBytes: 4_096,
  normalPages: 0,
  constantPages: 0,
};

const ended: Partial<Strike> = { events: [{ at: 54_999, type: 'migration.ended', data: {} }] };
const beatThere: Partial<Strike> = { beats: [{ host: 'h2', atMs: 4_999 }] };

test.each<[Phase, string, Partial<Strike>]>([
  ['first pass', 'its first pass was over', pagesSent(900, 4_999)],
  ['first pass', 'it beat at its destination', beatThere],
  ['throttled', 'it was said to be switching', said('switching', 54_999)],
  ['throttled', 'it beat at its destination', beatThere],
  ['switching over', 'it beat at its destination', beatThere],
  ['switching over', 'it was said to be post-copy', said('post-copy', 54_999)],
  ['post-copy', 'its end was told', ended],
  ['post-copy', 'its memory was across', { whole: true }],
])('a fault of the %s came too late: %s', (phase, because, shown) => {
  expect(tooLate({ ...strike, phase, ...shown })).toBe(because);
});

test.each<[Phase, string, Partial<Strike>]>([
  ['before start', 'nothing moved', {}],
  ['first pass', 'it began', { samples: [{ atMs: 4_000, phase: 'setup', ...noFigures }] }],
  ['first pass', 'a part of the pages had gone', pagesSent(899, 4_999)],
  ['first pass', 'the rest went after it', pagesSent(900, 5_001)],
  ['throttled', 'it switched after it', said('switching', 55_001)],
  ['throttled', 'the clock was stepped back after it', said('switching', 49_000)],
  ['switching over', 'it is what was said', said('switching', 54_999)],
  ['switching over', 'it beat over there after it', { beats: [{ host: 'h2', atMs: 5_001 }] }],
  ['post-copy', 'it is what was said', said('post-copy', 54_999)],
  ['just completed', 'that does not pass', ended],
])('a fault of the %s came in time: %s', (phase, _, shown) => {
  expect(tooLate({ ...strike, phase, ...shown })).toBeUndefined();
});

type Seen = DomainState | undefined;

describe('all of a guest is across', () => {
  const split: DomainState = { state: 'running', reason: 'post-copy' };
  const broken: DomainState = { state: 'paused', reason: 'post-copy-failed' };
  const arrived: DomainState = { state: 'running', reason: 'migrated' };

  test.each<[string, Seen, Seen, boolean]>([
    ['it runs there whole', undefined, arrived, true],
    ['it runs there in part', broken, split, false],
    ['it stands still there, and its source died', undefined, broken, false],
    ['its source has its definition only', { state: 'shut-off', reason: 'other' }, undefined, true],
    ['it is nowhere', undefined, undefined, true],
    ['it died there, and its source has a part', broken, undefined, false],
  ])('%s', async (_, here, there, expected) => {
    const [source, destination] = [hostWith(here), hostWith(there)];
    expect(await isAcross({ source, destination }, 'uuid')).toBe(expected);
  });
});

function hostWith(state: Seen): Pick<Host, 'domainState'> {
  return { domainState: () => Promise.resolve(state) };
}
