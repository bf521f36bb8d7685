import { describe, expect, test } from 'vitest';
import { type Judging, newPart, partsNow, restingHosts } from './parts.ts';
import type { Part } from './report.ts';
import type { Course, SeenVm, Sight } from './sight.ts';

const now = 1_000_000;

const vm: SeenVm = {
  uuid: 'u1',
  name: 'a',
  host: 'h1',
  state: 'running',
  memoryBytes: 2 ** 30,
  virtualCpus: 1,
  slaClass: 'pet',
  labels: [],
  foreignJob: false,
};

const course: Course = {
  id: 'm1',
  vm: 'a',
  uuid: 'u1',
  from: 'h1',
  to: 'h2',
  stage: 'live',
  importance: 'medium',
  startedAt: now - 20_000,
  endedAt: undefined,
  share: 0.4,
  remainingBytes: undefined,
  throughputBytesPerSecond: undefined,
  blackoutMs: undefined,
  why: undefined,
};

const over = { endedAt: now - 5_000 } as const;
const onH1 = sightOf({ h1: [vm] });
const onH2 = sightOf({ h1: [], h2: [{ ...vm, host: 'h2' }] });
const silent = sightOf({ h1: undefined });

function sightOf(hosts: Readonly<Record<string, readonly SeenVm[] | undefined>>): Sight {
  return { at: now - 1_000, hosts: new Map(Object.entries(hosts)) };
}

function judged(change: Partial<Judging>, before: readonly Part[] = [newPart(vm)]): Part {
  const judging: Judging = {
    sight: onH1,
    courses: [],
    aims: {},
    importance: 'medium',
    persists: true,
    deadlineAt: undefined,
    now,
    ...change,
  };
  const [part] = partsNow(before, [], judging);
  if (part === undefined) throw new Error('there is one');
  return part;
}

const seenAs = (change: Partial<SeenVm>): Sight => sightOf({ h1: [{ ...vm, ...change }] });
const of = (...courses: readonly Partial<Course>[]): readonly Course[] =>
  courses.map((change, index) => ({ ...course, id: `m${index + 1}`, ...change }));

const cases: readonly (readonly [string, Partial<Judging>, Partial<Part>])[] = [
  ['nothing has happened yet', {}, { state: 'waiting', tries: 0 }],
  ['its migration is under way', { courses: of({}) }, { state: 'moving', share: 0.4, to: 'h2' }],
  [
    'it has arrived, and nobody has looked since',
    { courses: of({ stage: 'arrived', endedAt: now - 500 }) },
    { state: 'moved', share: 1, to: 'h2' },
  ],
  [
    'it has arrived, and was seen there',
    { courses: of({ stage: 'arrived', ...over }), sight: onH2 },
    { state: 'moved', to: 'h2' },
  ],
  [
    'it has arrived, and was back when it was looked again',
    { courses: of({ stage: 'arrived', ...over }) },
    { state: 'waiting' },
  ],
  [
    'somebody else moved it',
    { sight: onH2 },
    { state: 'gone', to: 'h2', why: 'somebody else moved it to h2' },
  ],
  ['it was stopped', { sight: sightOf({ h1: [] }) }, { state: 'gone', to: undefined }],
  ['it was shut off', { sight: seenAs({ state: 'shut-off' }) }, { state: 'gone' }],
  ['it is paused', { sight: seenAs({ state: 'paused' }) }, { state: 'stays' }],
  ['somebody else moves it', { sight: seenAs({ foreignJob: true }) }, { state: 'stays' }],
  [
    'a person leaves it there',
    { aims: { vms: { u1: { leave: true } } } },
    { state: 'stays', againAt: undefined },
  ],
  ['its host is silent: nothing is claimed', { sight: silent }, { state: 'waiting' }],
  [
    'a host is silent amid its move',
    { courses: of({ stage: 'unknown' }), sight: silent },
    { state: 'unknown', why: 'no host says where it is' },
  ],
  ['it is lost', { courses: of({ stage: 'lost', ...over }) }, { state: 'lost' }],
  [
    'a person cancelled its migration',
    { courses: of({ stage: 'cancelled', ...over, why: 'me' }) },
    { state: 'stays', why: 'me' },
  ],
  [
    'its migration failed: it is tried again',
    { courses: of({ stage: 'failed', ...over, why: 'the link' }) },
    { state: 'waiting', why: 'the link' },
  ],
  [
    'its migration failed, of one who only tidies up',
    { courses: of({ stage: 'failed', ...over }), persists: false },
    { state: 'stays' },
  ],
  [
    'it stayed: it is tried once more when nobody else moves',
    { courses: of({ stage: 'stayed', ...over, why: 'too much' }) },
    { state: 'waiting', why: 'too much' },
  ],
  [
    'it stayed twice',
    { courses: of({ stage: 'stayed', ...over }, { stage: 'stayed', ...over }) },
    { state: 'stays', tries: 2, againAt: undefined },
  ],
  [
    'it stayed twice, and matters more since',
    {
      courses: of({ stage: 'stayed', ...over }, { stage: 'stayed', ...over }),
      aims: { vms: { u1: { importance: 'high' } } },
    },
    { state: 'waiting' },
  ],
  [
    'it stayed, and the deadline leaves time for another hour',
    { courses: of({ stage: 'stayed', ...over }), deadlineAt: now + 3_600_000 },
    { state: 'stays', againAt: now - 5_000 + 300_000 },
  ],
  [
    'it stayed, and the deadline leaves no time',
    { courses: of({ stage: 'stayed', ...over }), deadlineAt: now + 60_000 },
    { state: 'stays', againAt: undefined },
  ],
  [
    'it stayed, of one who only tidies up',
    { courses: of({ stage: 'stayed', ...over }), persists: false },
    { state: 'stays', againAt: undefined },
  ],
];

describe('a VM of an operation', () => {
  test.each(cases)('%s', (_, change, expected) => {
    expect(judged(change)).toMatchObject(expected);
  });

  test('that stayed waits while another one is under way', () => {
    const other = { ...newPart({ ...vm, uuid: 'u2', name: 'b' }), state: 'moving' as const };
    const courses = of({ stage: 'stayed', ...over });
    const part = judged({ courses }, [newPart(vm), other]);
    expect(part).toMatchObject({ state: 'stays', againAt: now });
  });

  test('has a share that never falls', () => {
    const before = [{ ...newPart(vm), share: 0.7 }];
    expect(judged({ courses: of({ share: 0.2 }) }, before).share).toBe(0.7);
  });

  test('does not take the namesake on another host for itself', () => {
    const courses = of({ uuid: undefined, from: 'h9', stage: 'cancelled', ...over });
    expect(judged({ courses })).toMatchObject({ state: 'waiting', tries: 0 });
  });
});

function failed(to: string, endedAt: number): Partial<Course> {
  return { stage: 'failed', to, endedAt, why: 'no memory' };
}

describe('hosts where it failed', () => {
  const failures: readonly (readonly [string, readonly Partial<Course>[], readonly string[]])[] = [
    ['never', [{ stage: 'stayed', ...over }], []],
    ['just now', [failed('h2', now - 10_000)], ['h2']],
    ['once, a while ago', [failed('h2', now - 16_000)], []],
    ['twice: it rests for twice as long', [failed('h2', 0), failed('h2', now - 16_000)], ['h2']],
    ['two of them', [failed('h2', now - 1), failed('h3', now - 1)], ['h2', 'h3']],
  ];
  test.each(failures)('%s', (_, courses, resting) => {
    expect(Object.keys(restingHosts(newPart(vm), of(...courses), now))).toEqual(resting);
  });
});
