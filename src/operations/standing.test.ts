import { describe, expect, test } from 'vitest';
import { newPart } from './parts.ts';
import type { Part, PartState } from './report.ts';
import type { SeenVm, Sight } from './sight.ts';
import { hostsToSee, type Matter, saysOf, shareOf, verdictOf } from './standing.ts';

const now = 1_000_000;
const drain: Matter = { kind: 'drain', host: 'h1', state: 'running', deadlineAt: undefined };
const restore: Matter = { ...drain, kind: 'restore' };

function vmOn(host: string, name: string, state = 'running'): SeenVm {
  const memoryBytes = 2 ** 30;
  const rest = { virtualCpus: 1, slaClass: 'pet', labels: [], foreignJob: false } as const;
  return { uuid: name, name, host, state, memoryBytes, ...rest };
}

function partOf(name: string, state: PartState, change: Partial<Part> = {}): Part {
  const to = state === 'moved' ? 'h2' : undefined;
  return { ...newPart(vmOn('h1', name)), state, to, ...change };
}

function sightOf(...vms: readonly SeenVm[]): Sight {
  const hosts = ['h1', 'h2'].map((host) => [host, vms.filter((vm) => vm.host === host)] as const);
  return { at: now, hosts: new Map(hosts) };
}

const moved = partOf('a', 'moved');
const arrived = sightOf(vmOn('h2', 'a'));
const longAgo = now - 60_000;
const later = { deadlineAt: now + 60_000 };
const hostGone: Sight = { at: now, hosts: new Map([['h1', undefined]]) };

type Case = readonly [
  string,
  Matter,
  readonly Part[],
  Sight,
  number | undefined,
  ReturnType<typeof verdictOf>,
];

const cases: readonly Case[] = [
  ['the host is empty, all were seen there', drain, [moved], arrived, undefined, 'completed'],
  ['there was nobody', drain, [], sightOf(), now, 'completed'],
  ['one is not seen at its destination', drain, [moved], sightOf(), longAgo, 'running'],
  ['one is under way', drain, [partOf('a', 'moving')], sightOf(), longAgo, 'running'],
  ['where one is is not known', drain, [partOf('a', 'unknown')], sightOf(), longAgo, 'running'],
  [
    'one that nobody counted is on the host',
    drain,
    [moved],
    sightOf(vmOn('h2', 'a'), vmOn('h1', 'b')),
    longAgo,
    'incomplete',
  ],
  [
    'one that is shut off is on the host',
    drain,
    [moved],
    sightOf(vmOn('h2', 'a'), vmOn('h1', 'b', 'shut-off')),
    undefined,
    'completed',
  ],
  ['one was stopped', drain, [partOf('a', 'gone')], sightOf(), undefined, 'completed'],
  ['one is lost', drain, [partOf('a', 'lost')], sightOf(), undefined, 'incomplete'],
  [
    'one stays for good',
    drain,
    [partOf('a', 'stays')],
    sightOf(vmOn('h1', 'a')),
    undefined,
    'incomplete',
  ],
  [
    'one has no place, just now',
    drain,
    [partOf('a', 'waiting')],
    sightOf(vmOn('h1', 'a')),
    now - 29_000,
    'running',
  ],
  [
    'one has no place, for long',
    drain,
    [partOf('a', 'waiting')],
    sightOf(vmOn('h1', 'a')),
    now - 30_000,
    'incomplete',
  ],
  [
    'one has no place, and there is time',
    { ...drain, ...later },
    [partOf('a', 'waiting')],
    sightOf(vmOn('h1', 'a')),
    longAgo,
    'running',
  ],
  [
    'one has no place, and time is up',
    { ...drain, deadlineAt: now },
    [partOf('a', 'waiting')],
    sightOf(vmOn('h1', 'a')),
    longAgo,
    'incomplete',
  ],
  ['the host itself is silent', drain, [moved], hostGone, now, 'running'],
  [
    'it is cancelled, and nobody is under way',
    { ...drain, state: 'cancelling' },
    [partOf('a', 'waiting')],
    sightOf(vmOn('h1', 'a')),
    undefined,
    'cancelled',
  ],
  [
    'it is cancelled, and one is under way',
    { ...drain, state: 'cancelling' },
    [partOf('a', 'moving')],
    sightOf(vmOn('h1', 'a')),
    undefined,
    'running',
  ],
  ['a restore whose VMs are back', restore, [moved], arrived, undefined, 'completed'],
  [
    'a restore of which one stays',
    restore,
    [moved, partOf('b', 'stays')],
    arrived,
    undefined,
    'incomplete',
  ],
];

describe('an operation', () => {
  test.each(cases)('%s', (_, matter, parts, sight, stuckSince, verdict) => {
    expect(verdictOf(matter, { parts, stuckSince }, sight, now)).toBe(verdict);
  });

  test('looks where its VMs are', () => {
    const parts = [moved, partOf('b', 'waiting'), partOf('c', 'gone')];
    expect(hostsToSee(drain, parts)).toEqual(['h1', 'h2']);
  });

  test('weighs each VM by what it has to carry', () => {
    const parts = [moved, partOf('b', 'waiting', { memoryBytes: 3 * 2 ** 30 })].map((part) => ({
      ...part,
      share: part.state === 'moved' ? 1 : 0,
    }));
    expect(shareOf(parts)).toBe(0.25);
    expect(shareOf([])).toBe(1);
  });

  test('says who stays, who is lost, and when it is done', () => {
    const parts = [
      moved,
      partOf('b', 'stays', { why: 'its pause' }),
      partOf('c', 'lost', { why: 'the host died' }),
      partOf('d', 'moving'),
      partOf('e', 'waiting'),
    ];
    const eta = { p50: now + 10_000, p90: now + 20_000 };
    const told = { parts, eta, late: [], silent: ['h7'], importance: 'high' } as const;
    expect(saysOf(drain, told, 'running', now)).toBe(
      '1 of 5 moved, 1 under way, 1 waiting; c is LOST: the host died; b stays: its pause; done in 10 s (up to 20 s); h7: no answer',
    );
    const late = { ...told, late: ['e'], silent: [] };
    expect(saysOf({ ...drain, ...later }, late, 'running', now)).toContain(
      'e would come after the deadline, at the highest importance already: give it a faster link, or more time',
    );
    expect(saysOf(drain, told, 'incomplete', now)).toContain('e stays');
  });
});
