import type { Sample } from '../../src/forecast/telemetry.ts';
import type { Steersman } from '../../src/migration/steersman.ts';
import type { Decision, Ending, MigrationCapabilities } from '../../src/steering/decision.ts';
import type { SteeringState } from '../../src/steering/situation.ts';

/** How a migration really went. */
export interface Actual {
  readonly ending: Ending;
  readonly totalMs: number;
  /** `undefined` where it did not arrive. */
  readonly blackoutMs: number | undefined;
  readonly sentBytes: number;
}

/** What was said of the whole migration at some point of the way, beside what became of it. */
export interface Said {
  /** Share of the way that was behind it, 0 to 1. */
  readonly share: number;
  readonly ending: Ending;
  readonly totalMs: number;
  readonly blackoutMs: number;
  readonly bytes: number;
}

/** The forecast of the whole way from a decision on it. */
export function saidAt(share: number, decision: Decision, last: Sample): Said {
  const { ending, forecast } = decision;
  return {
    share,
    ending,
    totalMs: decision.atMs + forecast.timeMs.p50,
    blackoutMs: forecast.blackoutMs.p50,
    bytes: last.memorySentBytes + forecast.bytes,
  };
}

/**
 * Has a steersman ride along a recorded migration and asks him at each share of the way. What he
 * decides takes effect, as it did then.
 */
export function sayAlong(
  steersman: Steersman,
  capabilities: MigrationCapabilities,
  samples: readonly Sample[],
  totalMs: number,
  shares: readonly number[],
): Said[] {
  const plan = steersman.plan(capabilities);
  let state: SteeringState = {
    maxDowntimeMs: plan.maxDowntimeMs,
    maxDowntimeSetAtMs: 0,
    paced: false,
    pacedBefore: false,
  };
  const said: Said[] = [];
  const due = [...shares];
  for (const sample of samples) {
    steersman.observe(sample);
    if (sample.phase !== 'pre-copy') continue;
    const decision = steersman.decide(sample.atMs, state);
    state = after(state, decision);
    const share = due[0];
    if (share === undefined || sample.atMs < share * totalMs) continue;
    due.shift();
    said.push(saidAt(share, decision, sample));
  }
  return said;
}

function after(state: SteeringState, { atMs, action }: Decision): SteeringState {
  switch (action.kind) {
    case 'set-max-downtime':
      return { ...state, maxDowntimeMs: action.ms, maxDowntimeSetAtMs: atMs };
    case 'set-max-speed':
      return { ...state, paced: Number.isFinite(action.bytesPerSecond), pacedBefore: true };
    default:
      return state;
  }
}

/** Relative error, as a share of what it really was. */
export function errorOf(said: number, actual: number): number {
  return Math.abs(said - actual) / Math.max(1, actual);
}
