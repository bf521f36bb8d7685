import { expect, test } from 'vitest';
import type { StartPlan } from '../steering/plan-start.ts';
import { capabilitiesOf } from './opening.ts';

const allowed = { allowed: true } as const;
const capabilities = {
  postCopy: allowed,
  postCopyRecoverable: true,
  autoConverge: allowed,
  compression: allowed,
};
const former = { downtimeMs: 300, speedBytesPerSecond: Infinity };

function takenUp(plan: Pick<StartPlan, 'postCopy' | 'compression'>) {
  const underWay = {
    plan: { autoConverge: undefined, maxDowntimeMs: 50, why: 'It starts.', ...plan },
    startedAtMs: 0,
    former,
    state: { phase: 'copying', leaving: undefined } as const,
    seen: [],
    decisions: [],
  };
  const opening = { kind: 'take-up', underWay, inForce: former } as const;
  return capabilitiesOf({ capabilities }, opening);
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
