import { describe, expect, test } from 'vitest';
import { modelOf } from '../forecast/guest-model.ts';
import { afterFirstPass, forecastPostCopy, later } from '../forecast/options.ts';
import { type Outlook, outlookBefore } from '../forecast/outlook.ts';
import { nothingKnown } from '../forecast/prior.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Expectation } from './decision.ts';
import { earlySwitch } from './early.ts';
import { type Situation, stateAtStart } from './situation.ts';

const mib = 2 ** 20;
const linkBytesPerSecond = 64 * mib;
const before = outlookBefore(
  { ...nothingKnown, bandwidthBytesPerSecond: linkBytesPerSecond },
  256 * mib,
);

/** Half of its first pass is over, after 2 s, and of what was sent so much is written again. */
function halfway(writes: number, again: number): Outlook {
  const unsentBytes = 128 * mib;
  return {
    ...before,
    syncing: 'continuous',
    atMs: 2_000,
    unsentBytes,
    remainingBytes: unsentBytes + again * 128 * mib,
    workingSet: {
      setBytes: 128 * mib,
      rateBytesPerSecond: writes * linkBytesPerSecond,
      errorShare: 0,
    },
  };
}

function situationOf(told: Partial<Situation>): Situation {
  const allowed = { allowed: true } as const;
  return {
    slaClass: 'cattle',
    importance: 'high',
    budget: budgetFor('cattle', 'high'),
    capabilities: { postCopy: allowed, postCopyRecoverable: true, autoConverge: allowed },
    model: modelOf(nothingKnown),
    state: stateAtStart(25),
    atMs: 2_000,
    ...told,
  };
}

/** Post-copy when the pass is over, and as much harm besides as a second more takes. */
function afterThePass(view: Outlook): Expectation {
  const { ms, leftBytes, sentBytes } = afterFirstPass(view);
  const then = { ...view, unsentBytes: 0, remainingBytes: leftBytes };
  const forecast = later(forecastPostCopy(then, true), ms + 1_000, sentBytes);
  return { ending: 'post-copy', forecast };
}

interface Case {
  readonly what: string;
  readonly writes: number;
  readonly again: number;
  readonly told?: Partial<Situation>;
  /** It is known to write in turn. */
  readonly inTurn?: true;
  readonly switches: boolean;
}

const pet = { slaClass: 'pet', budget: budgetFor('pet', 'high') } as const;

const cases: readonly Case[] = [
  { what: 'three times what is carried', writes: 3, again: 0.6, switches: true },
  { what: 'hardly more than is carried', writes: 1.2, again: 0.6, switches: false },
  {
    what: 'hardly more, and only this meets the deadline',
    writes: 1.2,
    again: 0.6,
    told: { deadlineMs: 5_000 },
    switches: true,
  },
  { what: 'three times as much, in turn', writes: 3, again: 0.6, inTurn: true, switches: false },
  { what: 'little of what was sent', writes: 3, again: 0.2, switches: false },
  { what: 'a pet, which has patience', writes: 3, again: 0.6, told: pet, switches: false },
  {
    what: 'a pet that a deadline has left none',
    writes: 3,
    again: 0.6,
    told: { ...pet, deadlineMs: 5_000 },
    switches: true,
  },
];

describe('post-copy within the first pass, of a guest that writes', () => {
  test.each(cases)('$what: $switches', ({ writes, again, told, inTurn, switches }) => {
    const seen = halfway(writes, again);
    const known = { rateBytesPerSecond: writes * linkBytesPerSecond };
    const view = inTurn === true ? { ...seen, inTurn: known } : seen;
    const candidate = earlySwitch(situationOf(told ?? {}), view, afterThePass(view));
    expect(candidate?.action.kind).toBe(switches ? 'start-post-copy' : undefined);
  });
});
