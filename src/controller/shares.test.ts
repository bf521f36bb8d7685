import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importances } from '../policy/vocabulary.ts';
import { type Caps, type Flow, sharesOf } from './shares.ts';

function capsOf(hosts: Readonly<Record<string, number>>, rack?: number): Caps {
  return {
    ofHost: (host) => hosts[host],
    linkOf: (host) => (host.startsWith('r') ? 'rack' : undefined),
    ofLink: () => rack,
  };
}

const flow = (id: string, importance: Flow['importance'], from = 'h1', to = 'h2'): Flow => ({
  id,
  from,
  to,
  importance,
  phase: 'copying',
  progress: undefined,
});

const writing = (id: string, dirtyRateBytesPerSecond: number, to = 'h2'): Flow => ({
  ...flow(id, 'high', 'h1', to),
  progress: { dirtyRateBytesPerSecond, remainingBytes: 10_000 },
});

const ending = (id: string, remainingBytes: number, dirtyRateBytesPerSecond: number): Flow => ({
  ...flow(id, 'high'),
  progress: { dirtyRateBytesPerSecond, remainingBytes },
});

interface Case {
  readonly name: string;
  readonly flows: readonly Flow[];
  readonly caps: Caps;
  readonly shares: Readonly<Record<string, number>>;
}

const cases: readonly Case[] = [
  {
    name: 'nobody caps anything',
    flows: [flow('a', 'low'), flow('b', 'high')],
    caps: capsOf({}),
    shares: { a: Infinity, b: Infinity },
  },
  {
    name: 'one alone has it all',
    flows: [flow('a', 'low')],
    caps: capsOf({ h1: 70 }),
    shares: { a: 70 },
  },
  {
    name: 'each step of importance counts twice as much',
    flows: [flow('a', 'low'), flow('b', 'medium'), flow('c', 'high')],
    caps: capsOf({ h1: 70 }),
    shares: { a: 10, b: 20, c: 40 },
  },
  {
    name: 'what one cannot use, because of its other end, the others have',
    flows: [flow('a', 'high', 'h1', 'h2'), flow('b', 'low', 'h1', 'h3')],
    caps: capsOf({ h1: 100, h2: 30 }),
    shares: { a: 30, b: 70 },
  },
  {
    name: 'a rack is shared by all that pass it, in and out',
    flows: [
      flow('a', 'low', 'r1', 'h2'),
      flow('b', 'low', 'h3', 'r2'),
      flow('c', 'low', 'h4', 'h5'),
    ],
    caps: capsOf({}, 50),
    shares: { a: 25, b: 25, c: Infinity },
  },
  {
    name: 'whose guest waits for its pages goes first',
    flows: [flow('a', 'high'), { ...flow('b', 'high', 'h1', 'h3'), phase: 'post-copy' }],
    caps: capsOf({ h1: 170 }),
    shares: { a: 10, b: 160 },
  },
  {
    name: 'whose stream is broken does not keep the others from the way',
    flows: [flow('a', 'high'), { ...flow('b', 'high', 'h1', 'h3'), phase: 'recovering' }],
    caps: capsOf({ h1: 170 }),
    shares: { a: 85, b: 85 },
  },
  {
    name: 'of those that only the whole way outruns the oldest goes first',
    flows: [writing('a', 10), writing('b', 90), writing('c', 90, 'h3')],
    caps: capsOf({ h1: 180 }),
    shares: { a: 10, b: 160, c: 10 },
  },
  {
    name: 'whom its share outruns, and whom nothing does, goes with all',
    flows: [writing('a', 30), writing('b', 190)],
    caps: capsOf({ h1: 180 }),
    shares: { a: 90, b: 90 },
  },
  {
    name: 'on ways apart each goes first',
    flows: [writing('a', 90), flow('b', 'high'), { ...writing('c', 90), from: 'h5', to: 'h6' }],
    caps: capsOf({ h1: 170, h5: 100 }),
    shares: { a: 160, b: 10, c: 100 },
  },
  {
    name: 'who would be across soon with the whole way goes first, and the oldest of them',
    flows: [ending('a', 400, 10), ending('b', 300, 10), ending('c', 100, 10)],
    caps: capsOf({ h1: 180 }),
    shares: { a: 10, b: 160, c: 10 },
  },
  {
    name: 'who writes faster than the whole way has no end that is near',
    flows: [ending('a', 100, 180), flow('b', 'high')],
    caps: capsOf({ h1: 180 }),
    shares: { a: 90, b: 90 },
  },
];

const flows = fc.array(
  fc.record({
    from: fc.constantFrom('h1', 'h2', 'r1'),
    to: fc.constantFrom('h3', 'h4', 'r2'),
    importance: fc.constantFrom(...importances),
    phase: fc.constantFrom('copying', 'switching', 'post-copy'),
    progress: fc.option(
      fc.record({
        dirtyRateBytesPerSecond: fc.integer({ min: 0, max: 1_000 }),
        remainingBytes: fc.integer({ min: 0, max: 10_000 }),
      }),
      { nil: undefined },
    ),
  }),
  { maxLength: 12 },
);

describe('shares of the link', () => {
  test.each(cases)('$name', ({ flows: all, caps, shares }) => {
    expect(Object.fromEntries(sharesOf(all, caps))).toEqual(shares);
  });

  test('keep every cap, leave nobody without, and leave nothing unused that somebody could have', () => {
    fc.assert(
      fc.property(flows, fc.integer({ min: 1, max: 1_000 }), (drawn, cap) => {
        const all = drawn.map((one, index) => ({ ...one, id: `m${index}` }));
        const caps = capsOf({ h1: cap, h3: 2 * cap }, 3 * cap);
        const shares = sharesOf(all, caps);
        const used = (members: readonly Flow[]): number =>
          members.reduce((sum, { id }) => sum + (shares.get(id) ?? NaN), 0);
        const bounds = [
          { members: all.filter(({ from }) => from === 'h1'), limit: cap },
          { members: all.filter(({ to }) => to === 'h3'), limit: 2 * cap },
          {
            members: all.filter(({ from, to }) => from === 'r1' || to === 'r2'),
            limit: 3 * cap,
          },
        ];
        for (const { members, limit } of bounds)
          expect(used(members)).toBeLessThanOrEqual(limit * (1 + 1e-9));
        for (const one of all) {
          expect(shares.get(one.id)).toBeGreaterThan(0);
          const over = bounds.filter(({ members }) => members.includes(one));
          const stopped = over.some(({ members, limit }) => used(members) > limit * (1 - 1e-9));
          expect(stopped || shares.get(one.id) === Infinity).toBe(true);
        }
      }),
    );
  });
});
