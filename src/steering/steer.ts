import type { Forecast } from '../forecast/forecast.ts';
import { type GuestModel, type Outlook, outlook } from '../forecast/model.ts';
import {
  forecastPostCopy,
  forecastStay,
  forecastStop,
  forecastWait,
  neededDowntimeMs,
  socketDrainMs,
  switchOverMs,
} from '../forecast/options.ts';
import type { Budget } from '../policy/budget.ts';
import type { SlaClass } from '../policy/vocabulary.ts';
import { formatBytes, formatDuration, formatRate } from '../units/format.ts';
import type {
  Action,
  Alternative,
  Decision,
  MigrationCapabilities,
  Permission,
} from './decision.ts';
import { harmOf } from './harm.ts';
import { postCopyOpen } from './plan-start.ts';

/** What has been done to the migration so far. */
export interface SteeringState {
  /** The downtime limit in force, ms, and when it was set. */
  readonly maxDowntimeMs: number;
  readonly maxDowntimeSetAtMs: number;
  /** Whether the stream is held back under the link now. */
  readonly paced: boolean;
  /** Whether the stream has been held back before: that is tried once. */
  readonly pacedBefore: boolean;
}

export interface Situation {
  readonly slaClass: SlaClass;
  readonly budget: Budget;
  readonly capabilities: MigrationCapabilities;
  readonly model: GuestModel;
  readonly state: SteeringState;
  /** Now, on the clock of the samples. */
  readonly atMs: number;
  /** When it should be over, on the same clock. */
  readonly deadlineMs?: number;
}

/** Telemetry older than this says nothing of now. */
const staleMs = 2_000;
/** A limit is worth changing when it moves by more than this share. */
const changeShare = 0.1;
/** After this many passes at a limit that should have been met, it counts as out of reach. */
const limitPasses = 2;
/** Post-copy starts this near to the trough, or after this many passes of waiting for it. */
const troughMargin = 1.2;
const troughPasses = 1.5;

/** The stream is held back to this share of the link, so that the socket's buffer runs empty. */
const pacedShare = 0.85;
/** Holding back pays where the buffer would add more than this to the pause, ms. */
const drainWorthMs = 30;
/** In the first pass it begins this long before the end: four MiB drain in that time. */
const paceAheadMs = 2_500;

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

/** Holds the stream back before a switch-over that is near, and lets go of it where none comes. */
function pace(situation: Situation, view: Outlook): Decision | undefined {
  const bytesPerSecond = situation.state.paced
    ? view.bandwidthBytesPerSecond
    : view.bandwidthBytesPerSecond * pacedShare;
  const near = switchOverNear(situation, { ...view, bandwidthBytesPerSecond: bytesPerSecond });
  if (situation.state.paced && !near) {
    const why = `${story(view)} Holding the stream back does not help it across: the whole link is used again.`;
    return decision(
      situation,
      { kind: 'set-max-speed', bytesPerSecond: Infinity },
      why,
      forecastWait(view, situation.state.maxDowntimeMs, false),
      [],
    );
  }
  const drainMs = socketDrainMs(view);
  const pays = Number.isFinite(drainMs) && drainMs > drainWorthMs;
  if (situation.state.paced || situation.state.pacedBefore || !near || !pays) return undefined;
  const why = `The switch-over is near. What waits in the sender's socket would add ${formatDuration(drainMs)} to the pause, so the stream is held to ${formatRate(bytesPerSecond)} and the buffer runs empty.`;
  return decision(
    situation,
    { kind: 'set-max-speed', bytesPerSecond },
    why,
    forecastWait(view, situation.state.maxDowntimeMs, true),
    [],
  );
}

/** Whether the guest is about to fit its allowed pause, at this bandwidth. */
function switchOverNear(situation: Situation, view: Outlook): boolean {
  const { model, budget } = situation;
  if (model.firstPassEndMs !== undefined)
    return view.trough === undefined || neededDowntimeMs(view) <= budget.blackoutMs;
  const leftMs = (view.remainingBytes / view.bandwidthBytesPerSecond) * 1000;
  return leftMs < paceAheadMs && view.inflowBytesPerSecond < view.bandwidthBytesPerSecond / 2;
}

interface Candidate {
  readonly action: Action;
  readonly permission: Permission;
  readonly forecast: Forecast;
  readonly why: string;
}

/** Patience is over: the gentlest of what the budget leaves, or the end of the attempt. */
function useBudget(situation: Situation, view: Outlook, gap: string): Decision {
  const candidates = [postCopyCandidate(situation, view), freezeCandidate(situation, view)];
  const open = candidates
    .filter(({ permission, forecast }) => permission.allowed && forecast.completes)
    .toSorted((a, b) => harm(situation, a) - harm(situation, b));
  const [best] = open;
  const alternatives = candidates
    .filter((candidate) => candidate !== best)
    .map((candidate) => alternative(situation, candidate));
  if (best === undefined) {
    const reasons = candidates
      .map(({ permission }) => (permission.allowed ? '' : permission.because))
      .filter((text) => text !== '')
      .join('; ');
    if (situation.budget.otherwise === 'finish')
      return {
        ...wait(
          situation,
          view,
          `${gap} Nothing that is allowed completes now (${reasons}); it goes on and tries again.`,
        ),
        alternatives,
      };
    return decision(
      situation,
      { kind: 'stay' },
      `${gap} Nothing else is allowed (${reasons}): it stays where it is, unharmed.`,
      forecastStay,
      alternatives,
    );
  }
  if (best.action.kind === 'start-post-copy' && !goodMoment(situation, view))
    return {
      ...wait(
        situation,
        view,
        `${gap} Post-copy is due; it waits for the moment when less is left than ${formatBytes(view.remainingBytes)}.`,
      ),
      alternatives,
    };
  return decision(situation, best.action, `${gap} ${best.why}`, best.forecast, alternatives);
}

function postCopyCandidate(situation: Situation, view: Outlook): Candidate {
  const forecast = forecastPostCopy(view, situation.capabilities.postCopyRecoverable);
  return {
    action: { kind: 'start-post-copy' },
    permission: postCopyOpen(situation.budget, situation.capabilities),
    forecast,
    why: `So it goes on at the destination now and fetches the last ${formatBytes(view.remainingBytes)} from there, in some ${formatDuration(forecast.timeMs.p50)}.`,
  };
}

function freezeCandidate(situation: Situation, view: Outlook): Candidate {
  const forecast = forecastStop(view, situation.state.paced);
  const expectedMs = forecast.blackoutMs.p90;
  return {
    action: { kind: 'freeze', expectedMs },
    permission: freezeAllowed(situation, expectedMs),
    forecast,
    why: `So it is stopped until its memory is across, some ${formatDuration(expectedMs)}.`,
  };
}

function freezeAllowed(situation: Situation, expectedMs: number): Permission {
  const { freeze } = situation.budget;
  switch (freeze.kind) {
    case 'never':
      return { allowed: false, because: 'the budget forbids stopping it' };
    case 'as-needed':
      // It goes beyond the pause that the budget allows, so it is taken only where nothing else ends.
      if (!postCopyOpen(situation.budget, situation.capabilities).allowed) return { allowed: true };
      return { allowed: false, because: 'post-copy completes with a shorter pause' };
    case 'up-to':
      if (expectedMs <= freeze.ms) return { allowed: true };
      return {
        allowed: false,
        because: `stopping it would take ${formatDuration(expectedMs)}, and ${formatDuration(freeze.ms)} is allowed`,
      };
  }
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

/** How much longer to stay gentle, ms; a deadline ends it. */
function patienceLeftMs(situation: Situation, view: Outlook): number {
  const { budget, model, atMs, deadlineMs } = situation;
  const until = (model.firstPassEndMs ?? atMs) + budget.patiencePasses * view.passMs;
  // What is left must still be sent once more, with time to spare, before the deadline.
  const latest = deadlineMs === undefined ? Infinity : deadlineMs - 2 * view.passMs;
  return Math.min(until, latest) - atMs;
}

/** Whether what is left is about as little as it ever was, or the wait for that was long enough. */
function goodMoment(situation: Situation, view: Outlook): boolean {
  const least = view.trough?.leastBytes ?? Infinity;
  const waited = -patienceLeftMs(situation, view);
  return view.remainingBytes <= least * troughMargin || waited > troughPasses * view.passMs;
}

function story(view: Outlook): string {
  const least = formatBytes(view.trough?.leastBytes ?? view.remainingBytes);
  return `After a whole pass ${least} or more is always left to send, because the guest keeps writing, and the link carries ${formatRate(view.bandwidthBytesPerSecond)}.`;
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

function wait(situation: Situation, view: Outlook | undefined, why: string): Decision {
  const forecast =
    view === undefined
      ? forecastStay
      : forecastWait(view, situation.state.maxDowntimeMs, situation.state.paced);
  return decision(situation, { kind: 'wait' }, why, forecast, []);
}

function decision(
  situation: Situation,
  action: Action,
  why: string,
  forecast: Forecast,
  alternatives: readonly Alternative[],
): Decision {
  return { atMs: situation.atMs, action, why, forecast, alternatives };
}

function alternative(situation: Situation, candidate: Candidate): Alternative {
  const option = candidate.action.kind;
  const { permission, forecast } = candidate;
  if (!permission.allowed) return { option, verdict: 'closed', because: permission.because };
  return { option, verdict: 'open', forecast, harm: harm(situation, candidate) };
}

function harm(situation: Situation, { forecast }: Candidate): number {
  return harmOf(forecast, situation.slaClass);
}
