import type { Forecast } from '../forecast/forecast.ts';
import { forecastPostCopy, forecastStop } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import type { Action, Alternative, Expectation, Permission } from './decision.ts';
import { harmOf } from './harm.ts';
import { postCopyOpen } from './plan-start.ts';
import type { Situation } from './situation.ts';

/** A way to end it at once, whether the budget leaves it, and what it would cost. */
export interface Candidate {
  readonly action: Action;
  readonly permission: Permission;
  readonly forecast: Forecast;
  readonly why: string;
}

/** The ways that end a migration which does not end by itself. */
export function candidatesOf(situation: Situation, view: Outlook): readonly Candidate[] {
  return [postCopyCandidate(situation, view), freezeCandidate(situation, view)];
}

/** Post-copy, where it is open and would complete. */
export function openPostCopy(situation: Situation, view: Outlook): Candidate | undefined {
  const candidate = postCopyCandidate(situation, view);
  return candidate.permission.allowed && candidate.forecast.completes ? candidate : undefined;
}

/** What comes of it when it is taken. */
export function endingBy({
  action,
  forecast,
}: Pick<Candidate, 'action' | 'forecast'>): Expectation {
  return { ending: action.kind === 'freeze' ? 'freeze' : 'post-copy', forecast };
}

/** The least harmful of those that are allowed and complete. */
export function leastHarmful(
  situation: Situation,
  candidates: readonly Candidate[],
): Candidate | undefined {
  return candidates
    .filter(({ permission, forecast }) => permission.allowed && forecast.completes)
    .toSorted((a, b) => harm(situation, a) - harm(situation, b))[0];
}

export function alternativeOf(situation: Situation, candidate: Candidate): Alternative {
  const option = candidate.action.kind;
  const { permission, forecast } = candidate;
  if (!permission.allowed) return { option, verdict: 'closed', because: permission.because };
  return { option, verdict: 'open', forecast, harm: harm(situation, candidate) };
}

export function harm(
  { slaClass, importance }: Situation,
  { forecast }: { readonly forecast: Forecast },
): number {
  return harmOf(forecast, slaClass, importance);
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
