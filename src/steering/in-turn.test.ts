import { describe, expect, test } from 'vitest';
import { modelOf } from '../forecast/guest-model.ts';
import { afterFirstPass, forecastPostCopy, later } from '../forecast/options.ts';
import { type Outlook, outlookBefore } from '../forecast/outlook.ts';
import { nothingKnown } from '../forecast/prior.ts';
import { budgetFor } from '../policy/budget-for.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';
import type { Expectation, MigrationCapabilities } from './decision.ts';
import { expect as expectation } from './expect.ts';
import { switchInTurn, wantsWritingOrder } from './in-turn.ts';
import { patienceInAllMs } from './patience.ts';
import { type Situation, stateAtStart } from './situation.ts';
import { able } from './testing/able.ts';

const mib = 2 ** 20;
const linkBytesPerSecond = 64 * mib;
const closed = { allowed: false, because: 'it is closed' } as const;
const pass = { firstPassEndMs: 1_500 } as const;

interface Told {
  readonly slaClass?: SlaClass;
  readonly importance?: Importance;
  readonly capabilities?: Partial<MigrationCapabilities>;
  readonly model?: Partial<Situation['model']>;
}

function situationOf(told: Told): Situation {
  const { slaClass = 'cattle', importance = 'medium', capabilities, model } = told;
  return {
    slaClass,
    importance,
    budget: budgetFor(slaClass, importance),
    capabilities: { ...able, ...capabilities },
    model: { ...modelOf(nothingKnown), ...model },
    state: stateAtStart(25),
    atMs: 1_000,
  };
}

/** A second of its first pass of four is over; it writes so much of what the link carries, in turn where that is known. */
function viewOf(writes: number, known = true): Outlook {
  const rateBytesPerSecond = writes * linkBytesPerSecond;
  return {
    ...outlookBefore({ ...nothingKnown, bandwidthBytesPerSecond: linkBytesPerSecond }, 256 * mib),
    syncing: 'continuous',
    atMs: 1_000,
    unsentBytes: 192 * mib,
    remainingBytes: 200 * mib,
    workingSet: { setBytes: 128 * mib, rateBytesPerSecond, errorShare: 0 },
    inTurn: known ? { rateBytesPerSecond } : undefined,
  };
}

/** The rest of its pass takes a second. */
const nearEnd = { ...viewOf(0.7), unsentBytes: 64 * mib, remainingBytes: 100 * mib };

/** The rest of its pass takes 5 s. */
const longerPass = { ...viewOf(0.7), unsentBytes: 312 * mib, remainingBytes: 320 * mib };

/** The rest of its pass takes 15 s. */
const longPass = { ...viewOf(0.7), unsentBytes: 960 * mib, remainingBytes: 968 * mib };

/** The same switch when the pass is over. */
function afterThePass(view: Outlook): Expectation {
  const { ms, leftBytes, sentBytes } = afterFirstPass(view);
  const then = { ...view, unsentBytes: 0, remainingBytes: leftBytes };
  return { ending: 'post-copy', forecast: later(forecastPostCopy(then, true), ms, sentBytes) };
}

/** Across at once. */
const atOnce = (view: Outlook): Expectation => acrossAfter(0, view);
/** Across after a second and a half pass. */
const muchLater = (view: Outlook): Expectation => acrossAfter(6_000, view);

function acrossAfter(ms: number, view: Outlook): Expectation {
  const { forecast } = afterThePass(view);
  return { ending: 'switch-over', forecast: { ...forecast, timeMs: { p50: ms, p90: ms } } };
}

const cases: readonly (Told & {
  readonly what: string;
  readonly view?: Outlook;
  readonly whole?: (view: Outlook) => Expectation;
  readonly switches: boolean;
})[] = [
  { what: 'in turn, 0.7 of what is carried', switches: true },
  { what: 'the same, with 5 s to go', view: longerPass, switches: true },
  { what: 'in turn, where time weighs less', importance: 'medium', switches: true },
  {
    what: 'the same, with 5 s to go',
    importance: 'medium',
    view: longerPass,
    switches: false,
  },
  { what: 'the same, the pass nearly over', importance: 'medium', view: nearEnd, switches: true },
  { what: 'in turn, 1.1 times as much', view: viewOf(1.1), switches: false },
  { what: 'nobody knows how', view: viewOf(0.7, false), switches: false },
  { what: 'in turn, of a pet', slaClass: 'pet', whole: muchLater, switches: true },
  {
    what: 'in turn, of a pet, medium',
    slaClass: 'pet',
    importance: 'medium',
    whole: muchLater,
    switches: false,
  },
  { what: 'in turn, of a pet, and sooner by little', slaClass: 'pet', switches: false },
  { what: 'in turn, of a panda', slaClass: 'panda', whole: muchLater, switches: false },
  { what: 'in turn, and all was sent once', model: pass, switches: false },
  { what: 'in turn, post-copy closed', capabilities: { postCopy: closed }, switches: false },
  { what: 'in turn, and it would be across at once', whole: atOnce, switches: false },
  { what: 'in turn, and the rest of the pass takes long', view: longPass, switches: false },
];

describe('post-copy within the first pass, of a guest that writes', () => {
  test.each(cases)('$what: $switches', ({ view = viewOf(0.7), whole, switches, ...told }) => {
    const situation = situationOf({ importance: 'high', ...told });
    const candidate = switchInTurn(situation, view, (whole ?? afterThePass)(view));
    expect(candidate?.action.kind).toBe(switches ? 'start-post-copy' : undefined);
  });

  test('in turn is what is expected of it, with little lost', () => {
    const { ending, forecast } = expectation(situationOf({ importance: 'high' }), viewOf(0.7));
    expect(ending).toBe('post-copy');
    expect(forecast.slowdownShare).toBeLessThan(0.05);
    const unknown = expectation(situationOf({ importance: 'high' }), viewOf(0.7, false)).forecast;
    expect(unknown.slowdownShare).toBeGreaterThan(0.4);
  });
});

const waitedFor: readonly (Told & {
  readonly what: string;
  readonly view: Outlook;
  readonly is: boolean;
})[] = [
  {
    what: 'cattle that write in turn more slowly than the link carries',
    view: viewOf(0.9),
    is: true,
  },
  { what: 'cattle that do so faster', view: viewOf(1.3), is: false },
  { what: 'cattle that write as much, nobody knows how', view: viewOf(1.3, false), is: true },
  { what: 'pets that do, medium', slaClass: 'pet', view: viewOf(1.3), is: true },
  {
    what: 'pandas that do, high',
    slaClass: 'panda',
    importance: 'high',
    view: viewOf(1.3),
    is: true,
  },
];

test('pets that outrun the link in turn are waited for once, however unsteady', () => {
  const unsteady = { ...viewOf(1.3), unsteady: true };
  const high = situationOf({ slaClass: 'pet', importance: 'high' });
  expect(patienceInAllMs(high, unsteady)).toBe(unsteady.passMs);
  expect(patienceInAllMs(high, { ...unsteady, inTurn: undefined })).toBe(2 * unsteady.passMs);
});

describe('after the first pass there is patience', () => {
  test.each(waitedFor)('with $what: $is', ({ view, is, ...told }) => {
    expect(patienceInAllMs(situationOf(told), view) > 0).toBe(is);
  });
});

test.each([
  { writes: 0.9, link: 64, loses: 0.008_940_7 },
  { writes: 0.9, link: 32, loses: 0.071_525_6 },
  { writes: 1.25, link: 64, loses: 0.2 },
  { writes: 2, link: 64, loses: 0.5 },
  { writes: 0.9, link: 10, loses: 1 },
])(
  'in turn, $writes of the $link MiB/s that are carried, 200 MiB missing: split it loses $loses',
  ({ writes, link, loses }) => {
    const rateBytesPerSecond = writes * link * mib;
    const bandwidthBytesPerSecond = link * mib;
    const view = { ...viewOf(writes), bandwidthBytesPerSecond, inTurn: { rateBytesPerSecond } };
    expect(forecastPostCopy(view, true).slowdownShare).toBeCloseTo(loses, 6);
  },
);

const wanted: readonly (Told & { readonly what: string; readonly wants: boolean })[] = [
  { what: 'cattle', wants: true },
  { what: 'cattle that was sent once', model: pass, wants: false },
  { what: 'cattle, post-copy closed', capabilities: { postCopy: closed }, wants: false },
  { what: 'cattle not to be read', capabilities: { memoryReading: closed }, wants: false },
  { what: 'pets, high', slaClass: 'pet', importance: 'high', wants: true },
  { what: 'pets, medium', slaClass: 'pet', wants: false },
  { what: 'pandas', slaClass: 'panda', importance: 'high', wants: false },
];

describe('in which order they write is wanted of', () => {
  test.each(wanted)('$what: $wants', ({ wants, ...told }) => {
    expect(wantsWritingOrder(situationOf(told))).toBe(wants);
  });
});
