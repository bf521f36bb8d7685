import { describe, expect, test } from 'vitest';
import { type GuestModel, modelOf } from '../forecast/guest-model.ts';
import { observe } from '../forecast/model.ts';
import { nothingKnown } from '../forecast/prior.ts';
import { reading } from '../forecast/testing/reading.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import { steerRest } from './rest.ts';
import { type SteeringState, stateAtStart } from './situation.ts';
import { able } from './testing/able.ts';

const mib = 2 ** 20;
const splitAtMs = 5_000;

interface Case {
  readonly what: string;
  readonly slaClass?: SlaClass;
  readonly importance?: Importance;
  /** Pages that it asked for from one reading to the next, 60 ms apart. */
  readonly asked: readonly number[];
  readonly leftMib?: number;
  readonly linkMib?: number;
  /** MiB/s that it was seen to write anywhere; nothing where nothing is said. */
  readonly writesMib?: number;
  readonly deadlineMs?: number;
  readonly state?: Partial<SteeringState>;
  /** It was switched within the first pass. */
  readonly isEarly?: true;
  /** That it writes so many MiB/s in turn was known before the switch. */
  readonly inTurnMib?: number;
  /** What is sent unasked goes at so many MiB/s from now on; `undefined`: as it does. */
  readonly becomes: number | undefined;
}

const waiting = [6, 7, 6, 7];
const asksInTurn = [2, 60, 55, 0];
const held = { restHeld: true, restSetAtMs: splitAtMs };
/** Four readings and as many again: a quarter of a second. */
const longer = (asked: number): number[] => Array.from({ length: 8 }, () => asked);

/** 40 MiB of a pet of high importance are left, over 50 MiB/s. */
const cases: readonly Case[] = [
  { what: 'one that waits for each page', asked: waiting, becomes: 15 },
  { what: 'cattle', slaClass: 'cattle', writesMib: 40, asked: waiting, becomes: 15 },
  {
    what: 'cattle of which nothing else is known',
    slaClass: 'cattle',
    asked: waiting,
    becomes: undefined,
  },
  { what: 'a panda', slaClass: 'panda', asked: waiting, becomes: 15 },
  {
    what: 'one that writes twice what the link carries',
    writesMib: 100,
    asked: waiting,
    becomes: 15,
  },
  {
    what: 'one that writes three times what a faster link carries',
    writesMib: 330,
    linkMib: 110,
    leftMib: 180,
    asked: waiting,
    becomes: undefined,
  },
  {
    what: 'one that was switched within the first pass',
    isEarly: true,
    asked: waiting,
    becomes: undefined,
  },
  { what: 'one of which too little was seen', asked: waiting.slice(0, 2), becomes: undefined },
  { what: 'one that asks for nothing', asked: [0, 0, 0, 0], becomes: undefined },
  { what: 'a pet that waits now and then', asked: [0, 1, 0, 1], becomes: undefined },
  { what: 'one that writes in turn', asked: asksInTurn, becomes: undefined },
  { what: 'one that is known to write in turn', asked: waiting, inTurnMib: 30, becomes: undefined },
  { what: 'one known to, faster than it', asked: waiting, inTurnMib: 56, becomes: undefined },
  { what: 'one that is soon across', asked: waiting, leftMib: 4, becomes: undefined },
  {
    what: 'one that would miss its deadline',
    asked: waiting,
    deadlineMs: 6_500,
    becomes: undefined,
  },
  { what: 'one that misses it anyhow', asked: waiting, deadlineMs: 5_500, becomes: 15 },
  {
    what: 'one over a link of which nothing is known',
    asked: waiting,
    linkMib: 0,
    becomes: undefined,
  },
  {
    what: 'one over a link that is so fast that nothing waits for long',
    asked: waiting,
    linkMib: 20_000,
    leftMib: 16_000,
    becomes: undefined,
  },
  { what: 'held back, one that still asks', asked: longer(60), state: held, becomes: undefined },
  { what: 'held back, one that asks no more', asked: longer(0), state: held, becomes: Infinity },
  {
    what: 'held back, one that asks for all that the link carries',
    asked: longer(700),
    state: held,
    becomes: undefined,
  },
  {
    what: 'held back, one that waits all the time, over a faster link',
    asked: longer(500),
    linkMib: 200,
    leftMib: 100,
    state: held,
    becomes: Infinity,
  },
  {
    what: 'held back a moment ago, one that does not ask yet',
    asked: longer(0),
    state: { ...held, restSetAtMs: splitAtMs + 350 },
    becomes: undefined,
  },
  {
    what: 'not held back any more, one that asks again',
    asked: waiting,
    state: { restHeld: false, restSetAtMs: splitAtMs },
    becomes: undefined,
  },
];

function modelAt(one: Case): GuestModel {
  const { asked, leftMib = 40, linkMib = 50, inTurnMib, writesMib, isEarly } = one;
  const copied = [1, 2, 3, 4].map((second) =>
    reading({
      atMs: second * 1_000,
      memorySentBytes: second * linkMib * mib,
      normalPages: (second * linkMib * mib) / 4096,
      memoryRemainingBytes: (300 - second * linkMib) * mib,
      throughputBytesPerSecond: linkMib * mib,
    }),
  );
  const split = [0, ...asked].map((_, index) =>
    reading({
      atMs: splitAtMs + index * 60,
      memoryRemainingBytes: leftMib * mib,
      postCopyRequests: asked.slice(0, index).reduce((sum, pages) => sum + pages, 0),
      phase: 'post-copy',
    }),
  );
  const inTurn = inTurnMib === undefined ? undefined : { rateBytesPerSecond: inTurnMib * mib };
  const seen = [...copied, ...split].reduce(observe, { ...modelOf(nothingKnown), inTurn });
  const model = { ...seen, firstPassEndMs: isEarly ? undefined : splitAtMs - 500 };
  if (writesMib === undefined) return model;
  const workingSet = { rateBytesPerSecond: writesMib * mib, setBytes: 200 * mib, errorShare: 0 };
  return { ...model, workingSet };
}

function decide(one: Case): ReturnType<typeof steerRest> {
  const { slaClass = 'pet', importance = 'high', asked, deadlineMs, state } = one;
  const model = modelAt(one);
  const situation = {
    slaClass,
    importance,
    budget: budgetFor(slaClass, importance),
    capabilities: able,
    model,
    state: { ...stateAtStart(25), ...state },
    atMs: splitAtMs + asked.length * 60,
  };
  if (model.split === undefined) throw new TypeError('it does not run split');
  return steerRest(
    deadlineMs === undefined ? situation : { ...situation, deadlineMs },
    model.split,
  );
}

describe('the rest of the memory', () => {
  test.each(cases)('of $what', ({ becomes, ...one }) => {
    const action = decide({ ...one, becomes })?.action;
    const speed = action?.kind === 'set-post-copy-speed' ? action.bytesPerSecond : undefined;
    expect(speed === undefined ? undefined : speed / mib).toBe(becomes);
  });

  test('is held back with the reason, and with the time that it takes then', () => {
    const decision = decide({ what: 'it', asked: waiting, becomes: 15 });
    expect(decision?.why).toMatch(
      /asks for 108 pages a second, and 40 MiB are left.*held to 15 MiB\/s.*in some 2\.7 s instead of 1\.1 s/,
    );
    expect(decision).toMatchObject({ ending: 'post-copy', forecast: { completes: true } });
  });
});
