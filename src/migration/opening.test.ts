import { expect, test } from 'vitest';
import { forecastStay } from '../forecast/options.ts';
import type { Decision } from '../steering/decision.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import { capabilitiesOf, limitsAfter } from './opening.ts';

const allowed = { allowed: true } as const;
const capabilities = {
  postCopy: allowed,
  postCopyRecoverable: true,
  autoConverge: allowed,
  compression: allowed,
};
const former = { downtimeMs: 300, speedBytesPerSecond: Infinity };

function takeUp(
  plan: Pick<StartPlan, 'postCopy' | 'compression'>,
  decisions: readonly Decision[] = [],
) {
  const underWay = {
    plan: { autoConverge: undefined, maxDowntimeMs: 50, why: 'It starts.', ...plan },
    startedAtMs: 0,
    former,
    state: { phase: 'copying', leaving: undefined } as const,
    seen: [],
    decisions,
  };
  return { kind: 'take-up', underWay, inForce: former } as const;
}

function takenUp(plan: Pick<StartPlan, 'postCopy' | 'compression'>) {
  return capabilitiesOf({ capabilities }, takeUp(plan));
}

/** The speeds of post-copy that were decided, bytes/s, and an act beside. */
function isRestHeldAfter(speeds: readonly number[]): boolean {
  const actions = speeds.map(
    (bytesPerSecond) => ({ kind: 'set-post-copy-speed', bytesPerSecond }) as const,
  );
  const decisions = [...actions, { kind: 'wait' } as const].map((action) => ({
    atMs: 0,
    action,
    why: 'So it is.',
    ending: 'post-copy' as const,
    forecast: forecastStay,
    alternatives: [],
  }));
  const opening = takeUp({ postCopy: true, compression: undefined }, decisions);
  return limitsAfter(opening, opening.underWay.plan, Infinity).restHeld;
}

test('one that starts can do what its hosts can', () => {
  expect(capabilitiesOf({ capabilities }, { kind: 'start', former })).toBe(capabilities);
});

test('one that was begun compressed cannot switch to post-copy, whoever steers it', () => {
  const taken = takenUp({ postCopy: false, compression: { connections: 2 } });
  expect(taken.postCopy.allowed).toBe(false);
});

test('one that was begun able to switch to post-copy is not taken for compressed', () => {
  const taken = takenUp({ postCopy: true });
  expect(taken.postCopy.allowed).toBe(true);
  expect(taken.compression).toMatchObject({ allowed: false });
});

test.each([
  ['held back', [20], true],
  ['held back and let go', [20, Infinity], false],
  ['never held back', [], false],
])('whoever takes it up knows that the rest was %s', (_, speeds, held) => {
  expect(isRestHeldAfter(speeds)).toBe(held);
});
