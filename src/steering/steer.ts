import { type Outlook, outlook } from '../forecast/model.ts';
import { forecastPreCopy, neededDowntimeMs, switchOverMs } from '../forecast/options.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import { decision, wait } from './decide.ts';
import type { Decision } from './decision.ts';
import { expect } from './expect.ts';
import { pace } from './pace.ts';
import { limitWithinMs, patienceLeftMs, quietFitsInMs } from './patience.ts';
import type { Situation } from './situation.ts';
import { linkStory, story } from './story.ts';
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
      `${linkStory(view)}The first pass over the memory is under way: ${formatBytes(view.remainingBytes)} to go at ${formatRate(view.bandwidthBytesPerSecond)}.`,
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
  const patienceMs = patienceLeftMs(situation, view);
  const converging = convergesIn(situation, view, situation.state.maxDowntimeMs, patienceMs);
  if (converging !== undefined)
    return wait(
      situation,
      view,
      `${linkStory(view)}What is left is shrinking: in some ${formatDuration(converging)} it fits the pause of ${formatDuration(situation.state.maxDowntimeMs)}.`,
    );
  const mayPauseMs = limitWithinMs(situation, view);
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
  return waitOrUse(situation, view, gap, patienceMs);
}

/** All that the budget allows is set: there is patience, or hope, or an end. */
function waitOrUse(situation: Situation, view: Outlook, gap: string, patienceMs: number): Decision {
  const quietMs = quietFitsInMs(situation, view, situation.state.maxDowntimeMs);
  if (quietMs !== undefined)
    return wait(
      situation,
      view,
      `${gap} It is about to rest: in some ${formatDuration(quietMs)} it fits.`,
    );
  if (patienceMs > 0)
    return wait(
      situation,
      view,
      `${gap} There is patience for another ${formatDuration(patienceMs)}.`,
    );
  const nearly = convergesIn(situation, view, situation.state.maxDowntimeMs, view.passMs);
  if (nearly !== undefined && -patienceMs < view.passMs)
    return wait(
      situation,
      view,
      `${gap} But it is shrinking: in some ${formatDuration(nearly)} it fits.`,
    );
  return useBudget(situation, view, gap);
}

/** Time until what is left fits this limit by itself, ms; `undefined`: not within the horizon. */
function convergesIn(
  situation: Situation,
  view: Outlook,
  limitMs: number,
  horizonMs: number,
): number | undefined {
  if (horizonMs <= 0 || tooLong(situation, view)) return undefined;
  const besidesMs = switchOverMs(view, situation.state.paced);
  const { completes, timeMs } = forecastPreCopy(view, limitMs, besidesMs, horizonMs);
  return completes ? timeMs.p50 : undefined;
}

/** Whether a limit that should have been met has been in force for long enough to disbelieve it. */
function tooLong({ state, atMs, model }: Situation, view: Outlook): boolean {
  const since = Math.max(state.maxDowntimeSetAtMs, model.firstPassEndMs ?? atMs);
  return atMs - since > limitPasses * view.passMs;
}

/** The whole pause has been allowed for long, and still it has not switched over. */
function outOfReach(situation: Situation, view: Outlook): boolean {
  const whole = limitWithinMs(situation, view);
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
  const state = { ...situation.state, maxDowntimeMs: ms };
  return decision(
    situation,
    { kind: 'set-max-downtime', ms },
    why,
    expect({ ...situation, state }, view),
    [],
  );
}
