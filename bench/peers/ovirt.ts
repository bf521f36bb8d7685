import type { Act } from '../steering/drive.ts';
import { defaultAutoConverge } from '../steering/static-arms.ts';
import { type Contender, packed, remembering } from './contender.ts';

/** At more than `limit` iterations so far, `act`; a rung without a limit at the next iteration. */
interface Rung {
  readonly limit: number;
  readonly act: Act;
}

const pollMs = 10_000;
const noLimit = -1;

function downtimes(rungs: readonly (readonly [limit: number, ms: number])[]): readonly Rung[] {
  return rungs.map(([limit, ms]) => ({ limit, act: { kind: 'set-downtime', ms } }));
}

const abort: Rung = { limit: noLimit, act: { kind: 'abort' } };
const usualLimits = downtimes([
  [1, 150],
  [2, 200],
  [3, 300],
  [4, 400],
  [6, 500],
]);

const policies = {
  'minimal-downtime': { firstMs: 100, rungs: [...usualLimits, abort] },
  'post-copy': {
    firstMs: 100,
    rungs: [
      ...usualLimits.slice(0, 2),
      { limit: noLimit, act: { kind: 'post-copy' } } satisfies Rung,
      abort,
    ],
  },
  suspend: {
    firstMs: 100,
    rungs: [...usualLimits, ...downtimes([[noLimit, 5_000]]), abort],
  },
  'very-large': {
    firstMs: 300,
    rungs: [
      ...downtimes([
        [1, 400],
        [2, 500],
        [3, 700],
        [4, 1_000],
        [6, 1_500],
        [noLimit, 5_000],
      ]),
      abort,
    ],
  },
} as const;

/** oVirt's four policies; `timers` times faster than it looks itself. */
export function ovirtContenders(timers: number): readonly Contender[] {
  return Object.entries(policies).map(([name, { firstMs, rungs }]) => ({
    name: `ovirt-${name}`,
    system: 'oVirt',
    maxDowntimeMs: firstMs,
    postCopy: name === 'post-copy',
    autoConverge: defaultAutoConverge,
    atOnce: name === 'suspend' ? 1 : 2,
    pollMs: pollMs / timers,
    begin: () => climbing(rungs),
  }));
}

/**
 * The one of its policies that compresses by default, as it does it: by XBZRLE, and over one stream (its
 * engine takes compression away from a migration over several). `timers` as above.
 */
export function ovirtPacking(timers: number): readonly Contender[] {
  const packing = { method: 'xbzrle', connections: undefined } as const;
  return packed(ovirtContenders(timers), 'ovirt-suspend', packing);
}

/** One rung at most whenever the iteration has risen. */
function climbing(rungs: readonly Rung[]): ReturnType<Contender['begin']> {
  return remembering({ next: 0, iteration: 0 }, ({ next, iteration }, sample) => {
    if (sample.phase !== 'pre-copy' || sample.iteration <= iteration) {
      return { state: { next, iteration }, acts: [] };
    }
    const rung = rungs[next];
    if (rung === undefined || rung.limit >= sample.iteration) {
      return { state: { next, iteration: sample.iteration }, acts: [] };
    }
    return { state: { next: next + 1, iteration: sample.iteration }, acts: [rung.act] };
  });
}
