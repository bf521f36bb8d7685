import { type Outlook, outlook } from '../forecast/model.ts';
import { forecastWait, neededDowntimeMs, switchOverMs } from '../forecast/options.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import type { Decision } from './decision.ts';
import { pace } from './pace.ts';
import { decision, patienceLeftMs, type Situation, story, wait } from './situation.ts';
import { useBudget } from './use-budget.ts';

/** Telemetry older than this says nothing of now. */
const staleMs = 2_000;
/** A limit is worth changing when it moves by more than this share. */
const changeShare = 0.1;
/** After this many passes at a limit that should have been met, it counts as out of reach. */
const limitPasses = 2;
/** The least harmful thing to do now within the budget. A pure function of what is known. */
export function steer(situation: Situation): Decision {
  const view = outlook(situation.model);
  if (view === undefined || situation.atMs - view.atMs > staleMs)
    return wait(situation, view, 'No fresh reading of the job: nothing is done on old news.');
  if (view.linkCollapsed)
    return wait(
      situation,
      view,
      `The link has just collapsed below ${formatRate(view.bandwidthBytesPerSecond)}: nothing is staked on it.`,
    );
  const throttled = throttledBeyond(situation);
  if (throttled !== undefined) return useBudget(situation, view, throttled);
  const pacing = pace(situation, view);
  if (pacing !== undefined) return pacing;
  if (situation.model.firstPassEndMs === undefined)
    return wait(
      situation,
      view,
      `The first pass over the memory is under way: ${formatBytes(view.remainingBytes)} to go at ${formatRate(view.bandwidthBytesPerSecond)}.`,
    );
  if (view.trough === undefined)
    return wait(
      situation,
      view,
      'The guest writes less than the link carries: it is about to switch over by itself.',
    );
  return steerWriter(situation, view);
}

/** The guest has been through one pass, and dirty memory keeps coming. */
function steerWriter(situation: Situation, view: Outlook): Decision {
  const mayPauseMs = limitWithin(situation, view);
  const neededMs = neededDowntimeMs(view);
  if (neededMs <= mayPauseMs && !outOfReach(situation, view)) {
    const limitMs = Math.ceil(tooLong(situation, view) ? mayPauseMs : neededMs);
    return allow(
      situation,
      view,
      limitMs,
      `${story(view)} A pause of ${formatDuration(neededMs)} is enough, and ${formatDuration(situation.budget.blackoutMs)} is allowed.`,
    );
  }
  const gap = `${story(view)} To switch over it would have to pause ${formatDuration(neededMs)}; ${formatDuration(situation.budget.blackoutMs)} is allowed.`;
  if (situation.state.maxDowntimeMs < mayPauseMs * (1 - changeShare))
    return allow(
      situation,
      view,
      Math.floor(mayPauseMs),
      `${gap} The whole pause is allowed now, should the guest fall quiet.`,
    );
  const patience = patienceLeftMs(situation, view);
  if (patience > 0)
    return wait(
      situation,
      view,
      `${gap} There is patience for another ${formatDuration(patience)}.`,
    );
  return useBudget(situation, view, gap);
}

/** The downtime limit whose pause, with all that comes on top, keeps to the budget, ms. */
function limitWithin(situation: Situation, view: Outlook): number {
  return Math.max(1, situation.budget.blackoutMs - switchOverMs(view, situation.state.paced));
}

/** Whether a limit that should have been met has been in force for long enough to disbelieve it. */
function tooLong({ state, atMs }: Situation, view: Outlook): boolean {
  return atMs - state.maxDowntimeSetAtMs > limitPasses * view.passMs;
}

/** The whole pause has been allowed for long, and still it has not switched over. */
function outOfReach(situation: Situation, view: Outlook): boolean {
  const whole = limitWithin(situation, view);
  return situation.state.maxDowntimeMs >= whole * (1 - changeShare) && tooLong(situation, view);
}

/** QEMU raises its throttle by itself, and only its end can stop it: what to say when it went too far. */
function throttledBeyond({ model, budget }: Situation): string | undefined {
  const allowedPercent = Math.round(budget.slowdownShare * 100);
  if (model.throttlePercent <= allowedPercent) return undefined;
  return `QEMU slows the guest by ${model.throttlePercent} % by now; ${allowedPercent} % is allowed.`;
}

function allow(situation: Situation, view: Outlook, ms: number, why: string): Decision {
  const before = situation.state.maxDowntimeMs;
  // A lower limit is never set: the guest may be about to meet the one in force.
  if (ms <= before * (1 + changeShare)) return wait(situation, view, why);
  return decision(
    situation,
    { kind: 'set-max-downtime', ms },
    why,
    forecastWait(view, ms, situation.state.paced),
    [],
  );
}
