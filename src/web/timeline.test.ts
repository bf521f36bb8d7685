import { expect, test } from 'vitest';
import type { PartDocument } from '../api/operations.ts';
import { actualBars, plannedBars, spanOf } from './timeline.ts';

const minute = (minutes: number): string => new Date(minutes * 60_000).toISOString();
const plan = (start: number, p50: number, p90: number) => ({
  to: 'h2',
  startAt: minute(start),
  endAt: { p50: minute(p50), p90: minute(p90) },
  bytes: 1,
  blackoutMs: null,
  ending: 'switch-over',
});
const part = (more: Partial<PartDocument>): PartDocument => ({
  uuid: 'u',
  vm: 'vm',
  class: 'pet',
  memoryBytes: 1,
  from: 'h1',
  state: 'waiting',
  to: 'h2',
  migrationId: null,
  tries: 0,
  share: 0,
  why: '',
  againAt: null,
  startedAt: null,
  noReturnAt: null,
  endedAt: null,
  blackoutMs: null,
  planned: plan(0, 5, 6),
  expected: plan(0, 5, 6),
  ...more,
});
const span = { from: 0, to: 10 * 60_000 };

test.each([
  [
    'has not begun',
    part({ expected: plan(4, 6, 8) }),
    2,
    [
      ['ahead', 0.4, 0.6],
      ['ahead-late', 0.6, 0.8],
    ],
  ],
  [
    'is on its way',
    part({ state: 'moving', startedAt: minute(1), expected: plan(1, 6, 8) }),
    2,
    [
      ['moving', 0.1, 0.2],
      ['ahead', 0.2, 0.6],
      ['ahead-late', 0.6, 0.8],
    ],
  ],
  [
    'is later than it was expected',
    part({ state: 'moving', startedAt: minute(1), expected: plan(1, 2, 4) }),
    3,
    [
      ['moving', 0.1, 0.3],
      ['ahead', 0.3, 0.3],
      ['ahead-late', 0.3, 0.4],
    ],
  ],
  [
    'has arrived, and could not turn back for a while',
    part({ state: 'moved', startedAt: minute(1), noReturnAt: minute(2), endedAt: minute(3) }),
    9,
    [
      ['done', 0.1, 0.2],
      ['split', 0.2, 0.3],
    ],
  ],
  [
    'can no longer turn back',
    part({ state: 'moving', startedAt: minute(1), noReturnAt: minute(2), expected: null }),
    3,
    [
      ['moving', 0.1, 0.2],
      ['split', 0.2, 0.3],
    ],
  ],
  [
    'has arrived',
    part({ state: 'moved', startedAt: minute(1), endedAt: minute(3) }),
    9,
    [['done', 0.1, 0.3]],
  ],
  [
    'stays after all',
    part({ state: 'stays', startedAt: minute(1), endedAt: minute(3) }),
    9,
    [['failed', 0.1, 0.3]],
  ],
])('the bars of one that %s', (_what, one, now, bars) => {
  expect(actualBars(one, span, minute(now)).map(({ kind, from, to }) => [kind, from, to])).toEqual(
    bars,
  );
});

test('what was planned first stays beside what comes', () => {
  expect(plannedBars(part({ planned: plan(1, 4, 6) }), span)).toEqual([
    { kind: 'planned', from: 0.1, to: 0.4 },
    { kind: 'planned-late', from: 0.4, to: 0.6 },
  ]);
  expect(plannedBars(part({ planned: null }), span)).toEqual([]);
});

test('the span has all plans, all that came, and the deadline', () => {
  const report = {
    at: minute(2),
    says: '',
    importance: 'high',
    parts: [part({ planned: plan(1, 4, 6), startedAt: minute(1), endedAt: minute(7) })],
    plannedAt: null,
    schedule: '',
    eta: null,
    firstEta: null,
    boundMs: 0,
    share: 0,
    totalBytes: 0,
    late: [],
    silent: [],
    assumed: [],
  } as const;
  const told = { ...report, parts: [...report.parts], late: [], silent: [], assumed: [] };
  expect(spanOf(told, minute(1), null)).toEqual({ from: 0, to: 7 * 60_000 });
  expect(spanOf(told, minute(1), minute(30))).toEqual({ from: 0, to: 30 * 60_000 });
});
