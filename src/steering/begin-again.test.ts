import { describe, expect, test } from 'vitest';
import { modelOf } from '../forecast/guest-model.ts';
import { type Outlook, outlookBefore } from '../forecast/outlook.ts';
import { nothingKnown } from '../forecast/prior.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { capabilitiesOnce } from './compress.ts';
import type { ActionKind, MigrationCapabilities } from './decision.ts';
import { type Situation, stateAtStart } from './situation.ts';
import { able } from './testing/able.ts';
import { useBudget } from './use-budget.ts';

const mib = 2 ** 20;
const compressed = { connections: 2 };

interface Case {
  readonly what: string;
  readonly slaClass?: SlaClass;
  readonly importance?: Importance;
  /** What is left after its first pass, which took 6 s. */
  readonly leftMib?: number;
  readonly deadlineMs?: number;
  readonly capabilities?: MigrationCapabilities;
  readonly does: ActionKind;
}

const whoeverTakesItUp = capabilitiesOnce(capabilitiesOnce(able, compressed), compressed);

/** A pet of 2 GiB whose memory goes over 112 MiB/s compressed to a third, and of which a GiB is always left. */
const cases: readonly Case[] = [
  { what: 'one that must finish', does: 'begin-again' },
  { what: 'one that may stay', importance: 'medium', does: 'begin-again' },
  { what: 'one that fits its pause', leftMib: 200, does: 'freeze' },
  {
    what: 'one that may be stopped for as long',
    importance: 'medium',
    leftMib: 400,
    does: 'freeze',
  },
  { what: 'one with time for it', deadlineMs: 120_000, does: 'begin-again' },
  { what: 'one without', deadlineMs: 20_000, does: 'freeze' },
  { what: 'a panda, which is never split', slaClass: 'panda', importance: 'medium', does: 'stay' },
  { what: 'a panda whose importance was raised', slaClass: 'panda', does: 'begin-again' },
  {
    what: 'one that never could switch to post-copy',
    capabilities: { ...able, postCopy: { allowed: false, because: 'forbidden' } },
    does: 'freeze',
  },
  { what: 'one that was taken up', capabilities: whoeverTakesItUp, does: 'freeze' },
];

function situationOf(one: Case): Situation {
  const { slaClass = 'pet', importance = 'high', deadlineMs, capabilities = able } = one;
  const situation = {
    slaClass,
    importance,
    budget: budgetFor(slaClass, importance),
    capabilities: capabilitiesOnce(capabilities, compressed),
    model: { ...modelOf(nothingKnown), firstPassEndMs: 6_000 },
    state: stateAtStart(25),
    atMs: 14_000,
  };
  return deadlineMs === undefined ? situation : { ...situation, deadlineMs };
}

function viewOf({ leftMib = 1024 }: Case): Outlook {
  const known = { ...nothingKnown, bandwidthBytesPerSecond: 336 * mib };
  return {
    ...outlookBefore(known, 2048 * mib, 3),
    syncing: 'passes',
    unsentBytes: 0,
    remainingBytes: leftMib * mib,
    workingSet: { setBytes: 1024 * mib, rateBytesPerSecond: 600 * mib, errorShare: 0 },
  };
}

describe('what goes compressed and outruns the link', () => {
  test.each(cases)('$what: $does', (one) => {
    const { action, why } = useBudget(situationOf(one), viewOf(one), 'It does not fit.');
    expect({ does: action.kind, why }).toMatchObject({ does: one.does });
    if (action.kind === 'begin-again')
      expect(why).toMatch(/begins again uncompressed and able to switch to post-copy: .* \d+ s/);
  });
});
