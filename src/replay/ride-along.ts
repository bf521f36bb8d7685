import type { Sample } from '../forecast/telemetry.ts';
import type { Decision, MigrationCapabilities } from '../steering/decision.ts';
import { type SteeringState, stateAtStart } from '../steering/situation.ts';
import type { Steersman } from '../steering/steersman.ts';

/** What a steersman decided at one reading. */
export interface Step {
  readonly sample: Sample;
  readonly decision: Decision;
}

/**
 * Has a steersman ride along recorded telemetry: he sees each reading and decides, and what he
 * decides takes effect at once, as far as his own limits go. What the guest did is what it did then.
 * It ends with the first decision that would have ended pre-copy.
 */
export function rideAlong(
  steersman: Steersman,
  capabilities: MigrationCapabilities,
  samples: readonly Sample[],
): readonly Step[] {
  const plan = steersman.plan(capabilities);
  let state = stateAtStart(plan.maxDowntimeMs);
  const steps: Step[] = [];
  for (const sample of samples) {
    steersman.observe(sample);
    if (sample.phase === 'setup') continue;
    if (sample.phase === 'post-copy') break;
    const decision = steersman.decide(sample.atMs, state);
    steps.push({ sample, decision });
    if (ends(decision)) break;
    state = after(state, decision);
  }
  return steps;
}

/** Whether a decision ends pre-copy, one way or another. */
export function ends({ action }: Decision): boolean {
  return ['start-post-copy', 'freeze', 'begin-again', 'stay'].includes(action.kind);
}

function after(state: SteeringState, { atMs, action }: Decision): SteeringState {
  if (action.kind === 'set-max-downtime')
    return { ...state, maxDowntimeMs: action.ms, maxDowntimeSetAtMs: atMs };
  if (action.kind !== 'set-max-speed') return state;
  const paced = Number.isFinite(action.bytesPerSecond);
  const pacedTimes = state.pacedTimes + (paced ? 1 : 0);
  return { ...state, paced, pacedSetAtMs: atMs, pacedTimes };
}
