import { describe, expect, test } from 'vitest';
import { modelOf } from '../forecast/guest-model.ts';
import { observe } from '../forecast/model.ts';
import { nothingKnown } from '../forecast/prior.ts';
import type { Sample } from '../forecast/telemetry.ts';
import { budgetFor } from '../policy/budget-for.ts';
import { type Situation, stateAtStart } from './situation.ts';
import { steer } from './steer.ts';

const mib = 2 ** 20;

/** A guest that is sent at 24 MiB/s and always has 40 MiB left, read four times a second. */
function readings(untilMs: number): Sample[] {
  return Array.from({ length: untilMs / 250 }, (_, index) => ({
    atMs: index * 250,
    memoryTotalBytes: 64 * mib,
    memoryRemainingBytes: Math.max(40, 64 - index * 6) * mib,
    memorySentBytes: index * 6 * mib,
    normalPages: (index * 6 * mib) / 4096,
    constantPages: 0,
    pageSizeBytes: 4096,
    dirtyRateBytesPerSecond: 0,
    throughputBytesPerSecond: 24 * mib,
    iteration: index,
    throttlePercent: 0,
    postCopyRequests: 0,
    phase: 'pre-copy',
  }));
}

function situationAt(readMs: number, atMs: number): Situation {
  const allowed = { allowed: true } as const;
  return {
    slaClass: 'cattle',
    importance: 'high',
    budget: budgetFor('cattle', 'high'),
    capabilities: { postCopy: allowed, postCopyRecoverable: true, autoConverge: allowed },
    model: readings(readMs).reduce(observe, modelOf(nothingKnown)),
    state: { ...stateAtStart(1_900), pacedTimes: 3 },
    atMs,
  };
}

/** A panda that is sent at 24 MiB/s, and what is left falls a little all the while. */
function hopefulBy(deadlineMs: number | undefined, atMs: number): Situation {
  const seen = readings(atMs).map((sample, index) => ({
    ...sample,
    memoryRemainingBytes: Math.max(8 - index * 0.02, 64 - index * 6) * mib,
  }));
  const state = { ...stateAtStart(100), pacedTimes: 3 };
  const of = { slaClass: 'panda', budget: budgetFor('panda', 'high'), state } as const;
  const model = seen.reduce(observe, modelOf(nothingKnown));
  const at = { ...situationAt(atMs, atMs), ...of, model };
  return deadlineMs === undefined ? at : { ...at, deadlineMs };
}

describe('a panda that is always about to fit', () => {
  test.each([
    { deadlineMs: undefined, atMs: 12_000, ends: false },
    { deadlineMs: 17_000, atMs: 12_000, ends: false },
    { deadlineMs: 8_000, atMs: 12_000, ends: true },
    { deadlineMs: undefined, atMs: 20_000, ends: true },
  ])(
    'is not waited for long after its deadline ($deadlineMs), nor for ever ($atMs): $ends',
    ({ deadlineMs, atMs, ends }) => {
      expect(steer(hopefulBy(deadlineMs, atMs)).action.kind === 'start-post-copy').toBe(ends);
    },
  );
});

describe('a stream that is held back for a switch-over that is near', () => {
  // Some 24 MiB/s are carried, so that the buffer of 2 MiB runs empty in six tenths of a second.
  test.each([
    { heldMs: 500, letGo: false },
    { heldMs: 1_100, letGo: false },
    { heldMs: 1_800, letGo: true },
  ])('is let go where none comes ($heldMs ms): $letGo', ({ heldMs, letGo }) => {
    const hopeful = hopefulBy(undefined, 12_000);
    const held = { paced: true, pacedSetAtMs: 12_000 - heldMs, pacedTimes: 1 };
    const state = { ...hopeful.state, maxDowntimeMs: 450, maxDowntimeSetAtMs: 11_900, ...held };
    const { action } = steer({ ...hopeful, state });
    expect(action.kind === 'set-max-speed' && action.bytesPerSecond === Infinity).toBe(letGo);
  });
});

describe('old news', () => {
  test('is not acted on: what is due now is not done three seconds later without a reading', () => {
    const fresh = steer(situationAt(20_000, 20_000));
    expect(fresh.action.kind).not.toBe('wait');
    const old = steer(situationAt(20_000, 23_000));
    expect(old.action.kind).toBe('wait');
    expect(old.why).toContain('old news');
  });

  test('is what there is before the first reading', () => {
    expect(steer(situationAt(0, 100)).action.kind).toBe('wait');
  });
});
