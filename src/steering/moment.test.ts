import { describe, expect, test } from 'vitest';
import { modelOf } from '../forecast/guest-model.ts';
import { forecastPostCopy } from '../forecast/options.ts';
import { type Outlook, outlookBefore } from '../forecast/outlook.ts';
import { nothingKnown } from '../forecast/prior.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Importance } from '../policy/vocabulary.ts';
import type { Candidate } from './candidates.ts';
import { isGoodMoment } from './moment.ts';
import { type Situation, stateAtStart } from './situation.ts';
import { able } from './testing/able.ts';

const mib = 2 ** 20;
const before = outlookBefore({ ...nothingKnown, bandwidthBytesPerSecond: 64 * mib }, 256 * mib);

/** A pet whose patience of one pass, 4 s, ended so long ago. Its least was 40 MiB. */
function situationOf(lateMs: number, importance: Importance): Situation {
  return {
    slaClass: 'pet',
    importance,
    budget: { ...budgetFor('pet', 'high'), patiencePasses: 1 },
    capabilities: able,
    model: { ...modelOf(nothingKnown), firstPassEndMs: 5_000 },
    state: stateAtStart(25),
    atMs: 9_000 + lateMs,
  };
}

interface Case {
  readonly what: string;
  readonly leftMib: number;
  readonly view?: Partial<Outlook>;
  readonly importance?: Importance;
  readonly afterMs?: number;
  readonly lateMs?: number;
  readonly good: boolean;
}

const cases: readonly Case[] = [
  { what: 'near the least that ever was', leftMib: 45, good: true },
  { what: 'near it, and soon less', leftMib: 45, afterMs: 500, good: false },
  { what: 'above it, and no sign that it falls', leftMib: 60, good: true },
  { what: 'above it, falling', leftMib: 60, view: { fallShare: 1 }, good: false },
  { what: 'above it, rising', leftMib: 60, view: { fallShare: -0.5 }, good: true },
  { what: 'above it, and time weighs little', leftMib: 60, importance: 'low', good: false },
  { what: 'far above it', leftMib: 240, good: false },
  { what: 'far above it, long waited for', leftMib: 240, lateMs: 6_500, good: true },
  { what: 'the end of a pass', leftMib: 45, view: { syncing: 'passes' }, good: true },
  {
    what: 'within a pass of a QEMU that looks at its end',
    leftMib: 45,
    view: { syncing: 'passes', sinceSyncMs: 900 },
    good: false,
  },
];

describe('post-copy that is due', () => {
  test.each(cases)('$what: $good', ({ leftMib, view, importance, afterMs, lateMs, good }) => {
    const situation = situationOf(lateMs ?? 0, importance ?? 'high');
    const now: Outlook = {
      ...before,
      syncing: 'continuous',
      unsentBytes: 0,
      remainingBytes: leftMib * mib,
      trough: { leastBytes: 40 * mib, mostBytes: 250 * mib, lastBytes: 60 * mib },
      ...view,
    };
    const candidate: Candidate = {
      action: { kind: 'start-post-copy' },
      permission: { allowed: true },
      afterMs: afterMs ?? 0,
      forecast: forecastPostCopy(now, true),
    };
    expect(isGoodMoment(situation, now, candidate)).toBe(good);
  });
});
