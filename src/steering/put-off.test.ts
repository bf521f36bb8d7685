import { describe, expect, test } from 'vitest';
import { modelOf } from '../forecast/guest-model.ts';
import { type Outlook, outlookBefore } from '../forecast/outlook.ts';
import { nothingKnown } from '../forecast/prior.ts';
import { budgetFor } from '../policy/budget-for.ts';
import { putOffBecause } from './put-off.ts';
import { type Situation, stateAtStart } from './situation.ts';

const mib = 2 ** 20;
const before = outlookBefore({ ...nothingKnown, bandwidthBytesPerSecond: 64 * mib }, 256 * mib);

/** A migration whose first pass ended so long ago. Its passes take 4 s. */
function after(waitedMs: number, told: Partial<Situation> = {}): Situation {
  const allowed = { allowed: true } as const;
  return {
    slaClass: 'pet',
    importance: 'high',
    budget: budgetFor('pet', 'high'),
    capabilities: { postCopy: allowed, postCopyRecoverable: true, autoConverge: allowed },
    model: { ...modelOf(nothingKnown), firstPassEndMs: 5_000 },
    state: stateAtStart(25),
    atMs: 5_000 + waitedMs,
    ...told,
  };
}

interface Case {
  readonly what: string;
  readonly waitedMs: number;
  readonly longerMs: number;
  readonly view?: Partial<Outlook>;
  readonly told?: Partial<Situation>;
  readonly because: RegExp | undefined;
}

const cattle = { slaClass: 'cattle', importance: 'high' } as const;
const rests = /may rest/;
const falls = /falls/;

/** A pet of high importance: a second of waiting weighs 100 ms of its pause. */
const cases: readonly Case[] = [
  { what: 'at first', waitedMs: 0, longerMs: 400, because: rests },
  {
    what: 'within the share of it that waiting may cost',
    waitedMs: 500,
    longerMs: 400,
    because: rests,
  },
  { what: 'after that', waitedMs: 700, longerMs: 400, because: undefined },
  { what: 'cattle, sooner', waitedMs: 400, longerMs: 400, told: cattle, because: undefined },
  { what: 'what falls', waitedMs: 9_000, longerMs: 400, view: { fallShare: 0.5 }, because: falls },
  {
    what: 'what falls too slowly for cattle in haste',
    waitedMs: 9_000,
    longerMs: 400,
    view: { fallShare: 0.31 },
    told: cattle,
    because: undefined,
  },
  {
    what: 'what grows',
    waitedMs: 9_000,
    longerMs: 400,
    view: { fallShare: -1 },
    because: undefined,
  },
  {
    what: 'a QEMU that looks at the end of a pass',
    waitedMs: 0,
    longerMs: 400,
    view: { syncing: 'passes', fallShare: 1 },
    because: undefined,
  },
  {
    what: 'two passes before a deadline',
    waitedMs: 0,
    longerMs: 400,
    view: { fallShare: 1 },
    told: { deadlineMs: 12_000 },
    because: undefined,
  },
];

describe('a longer pause is put off', () => {
  test.each(cases)('$what: $because', ({ waitedMs, longerMs, view, told, because }) => {
    const seen: Outlook = { ...before, syncing: 'continuous', ...view };
    const why = putOffBecause(after(waitedMs, told), seen, longerMs);
    if (because === undefined) expect(why).toBeUndefined();
    else expect(why).toMatch(because);
  });
});
