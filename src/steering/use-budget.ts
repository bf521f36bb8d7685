import type { Forecast } from '../forecast/forecast.ts';
import type { Outlook } from '../forecast/model.ts';
import { forecastPostCopy, forecastStay, forecastStop } from '../forecast/options.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import type { Action, Alternative, Decision, Permission } from './decision.ts';
import { harmOf } from './harm.ts';
import { postCopyOpen } from './plan-start.ts';
import { decision, patienceLeftMs, type Situation, wait } from './situation.ts';

/** Post-copy starts this near to the trough, or after this many passes of waiting for it. */
const troughMargin = 1.2;
const troughPasses = 1.5;

interface Candidate {
  readonly action: Action;
  readonly permission: Permission;
  readonly forecast: Forecast;
  readonly why: string;
}

/** Patience is over: the gentlest of what the budget leaves, or the end of the attempt. */
export function useBudget(situation: Situation, view: Outlook, gap: string): Decision {
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

/** Whether what is left is about as little as it ever was, or the wait for that was long enough. */
function goodMoment(situation: Situation, view: Outlook): boolean {
  const least = view.trough?.leastBytes ?? Infinity;
  const waited = -patienceLeftMs(situation, view);
  return view.remainingBytes <= least * troughMargin || waited > troughPasses * view.passMs;
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
