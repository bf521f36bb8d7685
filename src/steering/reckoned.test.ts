import { describe, expect, test } from 'vitest';
import { forecastStay } from '../forecast/options.ts';
import type { Action, Decision } from './decision.ts';
import { asPauses, asReckoned, lowered } from './reckoned.ts';
import { stateAtStart } from './situation.ts';

const mib = 2 ** 20;

function decided(action: Action): Decision {
  const forecast = { ...forecastStay, bytes: 30 * mib };
  return { atMs: 0, action, why: 'So.', ending: 'open', forecast, alternatives: [] };
}

const wait = { kind: 'wait' } as const;

describe('what QEMU reckons by the wire', () => {
  test.each<[string, Action, Partial<Action>]>([
    ['a limit', { kind: 'set-max-downtime', ms: 80 }, { ms: 240 }],
    ['a freeze', { kind: 'freeze', expectedMs: 900 }, { expectedMs: 900, reckonedMs: 2_700 }],
    [
      'a stream let go',
      { kind: 'set-max-speed', bytesPerSecond: Infinity },
      { bytesPerSecond: Infinity },
    ],
    ['nothing to do', wait, wait],
  ])('%s', (_, action, reckoned) => {
    const decision = asReckoned(decided(action), 3);
    expect(decision.action).toEqual({ ...action, ...reckoned });
    expect(decision.forecast.bytes).toBe(10 * mib);
    expect(asReckoned(decided(action), 1)).toEqual(decided(action));
  });

  test('a stream held back: so that with what goes out beyond the cap it stays under the link', () => {
    const pages = { kind: 'set-max-speed', bytesPerSecond: 0.76 * 3 * 24 * mib } as const;
    const { action } = asReckoned(decided(pages), 3);
    const cap = action.kind === 'set-max-speed' ? action.bytesPerSecond / mib : 0;
    expect(cap + 3.33).toBeCloseTo(0.76 * 24, 1);
  });

  test('a slow link is not held back to nothing', () => {
    const { action } = asReckoned(decided({ kind: 'set-max-speed', bytesPerSecond: 3 * mib }), 3);
    expect(action).toEqual({ kind: 'set-max-speed', bytesPerSecond: 0.65 * mib });
  });

  test('a limit is no more than four times the pause, a freeze is as much as it needs', () => {
    const { action } = asReckoned(decided({ kind: 'set-max-downtime', ms: 80 }), 200);
    expect(action).toEqual({ kind: 'set-max-downtime', ms: 320 });
    expect(asPauses(stateAtStart(320), 200).maxDowntimeMs).toBe(80);
    const freeze = asReckoned(decided({ kind: 'freeze', expectedMs: 80 }), 200).action;
    expect(freeze).toMatchObject({ reckonedMs: 16_000 });
  });

  test('the limit in force makes a pause that is so many times shorter', () => {
    expect(asPauses(stateAtStart(240), 3).maxDowntimeMs).toBe(80);
  });
});

describe('where memory comes to shrink less', () => {
  const asked = { ms: 80, limitMs: 240 };
  const state = stateAtStart(240);

  test('the limit is lowered to the pause that was asked for', () => {
    const { action } = asReckoned(lowered(decided(wait), asked, state, 1.5), 1.5);
    expect(action).toEqual({ kind: 'set-max-downtime', ms: 120 });
  });

  test.each([
    ['it shrinks as before', decided(wait), asked, 2.9],
    ['nothing was asked for', decided(wait), undefined, 1],
    ['what is in force is of others, or a freeze', decided(wait), { ms: 80, limitMs: 200 }, 1],
    ['something else is due', decided({ kind: 'stay' }), asked, 1],
  ])('it is left where %s', (_, decision, before, ratio) => {
    expect(lowered(decision, before, state, ratio)).toBe(decision);
  });
});
