import { describe, expect, test } from 'vitest';
import { freezeLimitMs } from './downtime.ts';
import { Recovery } from './recovery.ts';
import { Settling } from './settling.ts';
import type { Look, Sighting } from './whereabouts.ts';

const running: Sighting = { seen: 'domain', state: { state: 'running', reason: 'other' } };
const stub: Sighting = { seen: 'domain', state: { state: 'paused', reason: 'migration' } };
const looks: Readonly<Record<'clean' | 'stub', Look>> = {
  clean: { source: running, destination: { seen: 'absent' }, jobActive: false },
  stub: { source: running, destination: stub, jobActive: false },
};

describe('what may be believed', () => {
  test('nothing while the call is under way, however long it stands', () => {
    const settling = new Settling(true);
    settling.judge('at-source', looks.clean, 0, 'pending');
    expect(settling.judge('at-source', looks.clean, 3_600_000, 'pending')).toBe(false);
  });

  test('a guest at its source at once, if nothing waits at the destination', () => {
    expect(new Settling(true).judge('at-source', looks.clean, 0, 'answered')).toBe(true);
    expect(new Settling(true).judge('at-source', looks.stub, 0, 'answered')).toBe(false);
  });

  test('a guest at its source where nobody answered, when that has stood for a while', () => {
    const settling = new Settling(true);
    expect(settling.judge('at-source', looks.clean, 0, 'unanswered')).toBe(false);
    expect(settling.judge('at-source', looks.clean, 4_999, 'unanswered')).toBe(false);
    expect(settling.judge('at-source', looks.clean, 5_000, 'unanswered')).toBe(true);
  });

  test('silence, in the end, whatever is under way', () => {
    const settling = new Settling(true);
    expect(settling.judge('unseen', looks.stub, 0, 'pending')).toBe(false);
    expect(settling.judge('unseen', looks.stub, 60_000, 'pending')).toBe(true);
  });

  test('a verdict that changed starts again', () => {
    const settling = new Settling(true);
    settling.judge('nowhere', looks.stub, 0, 'answered');
    settling.judge('switching', looks.stub, 4_000, 'answered');
    expect(settling.judge('nowhere', looks.stub, 6_000, 'answered')).toBe(false);
    expect(settling.judge('nowhere', looks.stub, 12_000, 'answered')).toBe(true);
  });
});

test('a broken post-copy is tried again with growing pauses, for as long as it takes', () => {
  const recovery = new Recovery({ allowed: true });
  const tried: number[] = [];
  for (let atMs = 0; atMs < 600_000; atMs += 500) if (recovery.due(atMs)) tried.push(atMs);
  expect(tried.slice(0, 5)).toEqual([0, 1_000, 3_000, 7_000, 15_000]);
  const pauses = tried.slice(6).map((atMs, index) => atMs - (tried[index + 5] ?? 0));
  expect(new Set(pauses)).toEqual(new Set([15_000]));
  recovery.succeeded();
  expect(recovery.due(600_000)).toBe(true);
});

test.each([
  [0, 1_000],
  [3_000, 6_000],
  [Infinity, 2_000_000],
  [5_000_000, 2_000_000],
])('a freeze that is expected to last %d ms', (expectedMs, limitMs) => {
  expect(freezeLimitMs(expectedMs)).toBe(limitMs);
});
