import { describe, expect, it } from 'vitest';
import { type DemoReport, type GuestReport, problemsOf, reportText } from './report.ts';
import { actors } from './scene.ts';

const guest: GuestReport = {
  name: 'billing-db',
  class: 'panda',
  temper: 'furious',
  workload: 'random:rate=40MiB/s',
  memoryBytes: 128 * 1024 * 1024,
  from: 'h1',
  to: 'h2',
  outcome: 'completed',
  totalMs: 12_300,
  plannedEndMs: 11_000,
  endMs: 15_500,
  plannedBlackoutMs: 90,
  sentBytes: 300_000_000,
  switchedToPostCopy: true,
  blackoutMs: 248,
  reportedBlackoutMs: 230,
  lostWorkMs: 1_450,
  integrity: 'ok',
  onePlace: 'ok',
  heartbeat: 'ok',
  runsOn: ['h2'],
  why: ['It writes faster than the link carries.'],
};

describe('what makes the demo a failure', () => {
  it('is nothing about a guest that arrived whole', () => {
    expect(problemsOf([guest])).toEqual([]);
  });

  it.each<[string, Partial<GuestReport>, string]>([
    ['a guest that is gone', { runsOn: [] }, 'billing-db runs nowhere'],
    ['a guest twice', { runsOn: ['h2', 'h3'] }, 'billing-db runs on h2 and h3 at once'],
    ['a guest that stayed', { runsOn: ['h1'] }, 'billing-db is still on h1'],
    ['a torn page', { integrity: 'page 7' }, 'the memory of billing-db: page 7'],
    ['two at once', { onePlace: 'it ran on h1 and h2 at once' }, 'billing-db: it ran on'],
  ])('is %s', (_what, change, message) => {
    const [problem, ...others] = problemsOf([{ ...guest, ...change }]);
    expect(problem).toContain(message);
    expect(others).toEqual([]);
  });
});

describe('the report', () => {
  const report: DemoReport = {
    ok: true,
    problems: [],
    guests: [guest],
    reason: 'evacuation',
    drain: { state: 'completed', says: '1 of 1 moved', tookMs: 16_400, plannedMs: 11_000 },
    linkBitsPerSecond: 200e6,
    totalMs: 61_000,
    versions: { drover: '0.1.0', node: '24', libvirt: '12.8.0', qemu: '11.1.2' },
  };

  it('shows each guest, why, and the verdict', () => {
    const text = reportText(report, (_format, piece) => piece);
    for (const shown of ['post-copy', '11 s', '16 s', '90 ms', '248 ms', '1.4 s', 'panda', 'h2'])
      expect(text).toContain(shown);
    expect(text).toContain('  - It writes faster than the link carries.');
    expect(text).toContain('h1 is empty after 16 s (planned: 11 s)');
  });

  it('says what is not right instead', () => {
    const bad = { ...report, ok: false, problems: ['billing-db runs nowhere'] };
    const text = reportText(bad, (_format, piece) => piece);
    expect(text).toContain('Not right: billing-db runs nowhere.');
    expect(text).not.toContain('is empty');
  });
});

it('the scene has two guests of each class', () => {
  const classes = Object.groupBy(actors, ({ spec }) => spec.class);
  expect(Object.values(classes).map((guests) => guests.length)).toEqual([2, 2, 2]);
});
