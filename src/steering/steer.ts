import type { Forecast } from '../forecast/forecast.ts';
import { neededDowntimeMs, switchesInMs } from '../forecast/options.ts';
import { type Outlook, outlook } from '../forecast/outlook.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import { candidatesOf, endingBy, harm, leastHarmful, takenBecause } from './candidates.ts';
import { decision, wait } from './decide.ts';
import type { Decision } from './decision.ts';
import { earlySwitch } from './early.ts';
import { expect, expectWholePass } from './expect.ts';
import { isWorthwhile } from './gentler.ts';
import { inTurnStory, switchInTurn } from './in-turn.ts';
import { pace } from './pace.ts';
import { bestPath, type Path } from './paths.ts';
import {
  isOverdue,
  limitDisproved,
  limitWithinMs,
  patienceInAllMs,
  patienceLeftMs,
  quietFitsInMs,
} from './patience.ts';
import { putOffBecause } from './put-off.ts';
import type { Situation } from './situation.ts';
import { switchSooner } from './sooner.ts';
import { linkStory, shrunk, story } from './story.ts';
import { useBudget } from './use-budget.ts';

/** Telemetry older than this says nothing of now. */
const staleMs = 2_000;
/** A limit is worth changing when it moves by more than this share. */
const changeShare = 0.1;
/**
 * A larger pause is allowed when it is needed within this time, ms: two decisions. Until then a guest may fall quiet and
 * meet the small one, and post-copy may come to be gentler: a pet that writes 1.2 times what is carried was given
 * 400 ms when that was 2.2 s away, and paused for 424 where it lost 332 ms of its work by post-copy a little later.
 */
const soonMs = 400;

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
  if (situation.model.firstPassEndMs === undefined) return steerFirstPass(situation, view);
  if (view.trough === undefined)
    return wait(
      situation,
      view,
      'The guest writes less than the link carries: it is about to switch over by itself.',
    );
  return steerWriter(situation, view);
}

/** It is let run to its end, but where that is in vain. */
function steerFirstPass(situation: Situation, view: Outlook): Decision {
  const whole = expectWholePass(situation, view);
  const inTurn = switchInTurn(situation, view, whole);
  if (inTurn !== undefined)
    return decision(situation, inTurn.action, inTurnStory(inTurn, view), endingBy(inTurn), []);
  const early = earlySwitch(situation, view, whole);
  if (early === undefined) {
    const why = `${linkStory(view)}The first pass over the memory is under way: ${formatBytes(view.remainingBytes)} to go${speedText(view)}.`;
    return decision(situation, { kind: 'wait' }, why, whole, []);
  }
  const againBytes = view.remainingBytes - view.unsentBytes;
  const sentBytes = view.firstPassBytes - view.unsentBytes;
  const why = `${linkStory(view)}Of the ${formatBytes(sentBytes)} that were sent ${formatBytes(againBytes)} are written again already: what it writes has to be fetched later or now, and now is sooner. ${takenBecause(early, view)}`;
  return decision(situation, early.action, why, endingBy(early), []);
}

function speedText(view: Outlook): string {
  const { bandwidthBytesPerSecond } = view;
  if (bandwidthBytesPerSecond <= 0) return '; what the link carries is not known yet';
  return ` at ${formatRate(bandwidthBytesPerSecond)}${shrunk(view)}`;
}

/** The guest has been through one pass, and dirty memory keeps coming. */
function steerWriter(situation: Situation, view: Outlook): Decision {
  const patienceMs = patienceLeftMs(situation, view);
  const path = outOfReach(situation, view) ? undefined : pathAhead(situation, view, patienceMs);
  const ending =
    patienceMs > 0 ? undefined : leastHarmful(situation, candidatesOf(situation, view));
  const isTaken =
    path !== undefined &&
    !isOverdue(situation, view) &&
    (ending === undefined || !isWorthwhile(situation, ending, path));
  if (isTaken) return switchSooner(situation, view, path) ?? takePath(situation, view, path);
  const gap = gapOf(situation, view);
  const quietMs = quietFitsInMs(situation, view, situation.state.maxDowntimeMs);
  if (quietMs !== undefined) {
    const why = `${gap} It is about to rest: in some ${formatDuration(quietMs)} it fits.`;
    return wait(situation, view, why);
  }
  const late = patienceMs < patienceInAllMs(situation, view) / 2;
  const whole = late && mustFit(situation, view) ? allowWhole(situation, view, gap) : undefined;
  if (whole !== undefined) return whole;
  if (patienceMs <= 0) return useBudget(situation, view, gap);
  const why = `${gap} There is patience for another ${formatDuration(patienceMs)}.`;
  return wait(situation, view, why);
}

/** Either it fits its pause in the end, or it stays. */
function mustFit(situation: Situation, view: Outlook): boolean {
  return (
    situation.budget.otherwise === 'stay' &&
    leastHarmful(situation, candidatesOf(situation, view)) === undefined
  );
}

/**
 * Pre-copy ends by itself: as the guest has written on the whole, or, while it falls to less than
 * was ever left, as it has written in the last second.
 */
function pathAhead(situation: Situation, view: Outlook, patienceMs: number): Path | undefined {
  // When patience is over, what is about to fit is compared with what ends it now.
  const horizonMs = patienceMs > 0 && !view.newLow ? patienceMs : Math.max(patienceMs, view.passMs);
  const steady = bestPath(situation, view, horizonMs);
  if (!view.newLow && patienceMs <= 0) return steady;
  const { workingSetNow } = view;
  if (workingSetNow === undefined) return steady;
  const goingOn = { ...view, workingSet: workingSetNow, stalled: false };
  const now = bestPath(situation, goingOn, horizonMs);
  if (steady === undefined || now === undefined) return steady ?? now;
  return harm(situation, now) < harm(situation, steady) ? now : steady;
}

function takePath(situation: Situation, view: Outlook, { limitMs, forecast }: Path): Decision {
  const before = situation.state.maxDowntimeMs;
  const expected = { ending: 'switch-over', forecast } as const;
  const soon = formatDuration(forecast.timeMs.p50);
  // A lower limit is never set: the guest may be about to meet the one in force.
  if (limitMs <= before * (1 + changeShare)) {
    const why = `${linkStory(view)}What is left fits a pause of ${formatDuration(before)} in some ${soon}, if the guest goes on as it does now.`;
    return decision(situation, { kind: 'wait' }, why, expected, []);
  }
  const ms = Math.ceil(limitMs);
  const notYet = isFarAway(view, limitMs, forecast)
    ? 'it is allowed shortly before'
    : putOffBecause(situation, view, limitMs - before);
  if (notYet !== undefined) {
    const why = `${story(view)} A pause of ${formatDuration(ms)} would be enough to be across in some ${soon}; ${notYet}.`;
    return decision(situation, { kind: 'wait' }, why, expected, []);
  }
  const why = `${story(view)} A pause of ${formatDuration(ms)} is enough to be across in some ${soon}; ${formatDuration(situation.budget.blackoutMs)} is allowed.`;
  return decision(situation, { kind: 'set-max-downtime', ms }, why, expected, []);
}

/**
 * Where what is left by QEMU's word is within the limit, it may fit at any look, whatever the model expects: a guest that
 * rewrites 13 MiB at 107 MiB/s had 1 to 3 MiB left for half a second, while its next trough was thought to be a second
 * away. A QEMU that looks only when a pass ends is not to miss the limit there.
 */
function isFarAway(view: Outlook, limitMs: number, forecast: Forecast): boolean {
  const { syncing, remainingBytes, bandwidthBytesPerSecond, stalled, trough } = view;
  const limitBytes = (limitMs * bandwidthBytesPerSecond) / 1000;
  // A wave that falls no further comes to its trough at a moment that nobody knows, always some time away.
  if (stalled && trough !== undefined && trough.leastBytes <= limitBytes) return false;
  return syncing === 'continuous' && remainingBytes > limitBytes && switchesInMs(forecast) > soonMs;
}

/**
 * The whole pause, where it is not allowed yet. Others are not given it in the hope that they fall quiet: then what
 * is left falls as fast as the link carries, and a small limit is met when a large one would have ended.
 */
function allowWhole(situation: Situation, view: Outlook, gap: string): Decision | undefined {
  const ms = Math.floor(limitWithinMs(situation, view));
  if (ms <= situation.state.maxDowntimeMs * (1 + changeShare)) return undefined;
  const why = `${gap} The whole pause is allowed now, should the guest fall quiet.`;
  const state = { ...situation.state, maxDowntimeMs: ms };
  const expected = expect({ ...situation, state }, view);
  return decision(situation, { kind: 'set-max-downtime', ms }, why, expected, []);
}

function gapOf(situation: Situation, view: Outlook): string {
  return `${story(view)} To switch over it would have to pause ${formatDuration(neededDowntimeMs(view))}; ${formatDuration(situation.budget.blackoutMs)} is allowed.`;
}

/** The whole pause has been allowed for long, and still it has not switched over. */
function outOfReach(situation: Situation, view: Outlook): boolean {
  const whole = limitWithinMs(situation, view);
  return (
    limitDisproved(situation, view) && situation.state.maxDowntimeMs >= whole * (1 - changeShare)
  );
}

/** QEMU raises its throttle by itself, and only its end can stop it: what to say when it went too far. */
function throttledBeyond({ model, budget }: Situation): string | undefined {
  const allowedPercent = Math.round(budget.slowdownShare * 100);
  if (model.throttlePercent <= allowedPercent) return undefined;
  return `QEMU slows the guest by ${model.throttlePercent} % by now; ${allowedPercent} % is allowed.`;
}
