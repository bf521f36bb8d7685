import type { Forecast } from '../forecast/forecast.ts';
import { afterPreCopy, forecastPostCopy, forecastStop, later } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { formatBytes, formatDuration } from '../units/format.ts';
import type { Action, Alternative, Expectation, Permission } from './decision.ts';
import { harmOf } from './harm.ts';
import { postCopyOpen } from './post-copy-open.ts';
import type { Situation } from './situation.ts';

/** A way to end it at once, whether the budget leaves it, and what it would cost. */
export interface Candidate {
  readonly action: Action;
  readonly permission: Permission;
  /** How long it is best put off, ms: less will be left then. 0: now. */
  readonly afterMs: number;
  /** From now on, the wait included. */
  readonly forecast: Forecast;
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

/** For a person, where it is taken; `view`: by which it was weighed. */
export function takenBecause({ action, forecast }: Candidate, view: Outlook): string {
  const across = formatDuration(forecast.timeMs.p50);
  if (action.kind === 'freeze')
    return `So it is stopped until its memory is across, some ${formatDuration(action.expectedMs)}.`;
  if (action.kind === 'begin-again')
    return `So it is cancelled, and begins again uncompressed and able to switch to post-copy: across in some ${across}.`;
  return `So it goes on at the destination now and fetches the last ${formatBytes(view.remainingBytes)} from there, in some ${across}.`;
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

/** It is looked ahead for so many passes, at so many moments. */
const aheadPasses = 1;
const momentsAhead = 8;
/** What is foreseen may not come: to be put off it has to be better by this. */
const laterShare = 0.93;

/**
 * Post-copy at the moment that does the least harm. What is left when all memory was sent once still falls for a
 * while: a guest that wrote 143 MiB/s over 114 lost 760 ms of its work where it was switched then, and 300 where
 * that was a second later.
 */
function postCopyCandidate(situation: Situation, view: Outlook): Candidate {
  const { postCopyRecoverable } = situation.capabilities;
  let best = { afterMs: 0, forecast: forecastPostCopy(view, postCopyRecoverable) };
  let least = harm(situation, best) * laterShare;
  for (const afterMs of momentsOf(view)) {
    const { leftBytes, sentBytes } = afterPreCopy(view, afterMs);
    // By then QEMU will have stopped it by itself.
    if (leftBytes <= fittingBytes(situation, view)) break;
    const then = { ...view, remainingBytes: leftBytes };
    const forecast = later(forecastPostCopy(then, postCopyRecoverable), afterMs, sentBytes);
    const its = harm(situation, { forecast });
    if (its < least) [best, least] = [{ afterMs, forecast }, its];
  }
  const { afterMs, forecast } = best;
  return {
    action: { kind: 'start-post-copy' },
    permission: postCopyOpen(situation.budget, situation.capabilities),
    afterMs,
    forecast,
  };
}

/** Only where QEMU looks all the time, and what is left has not shown that it falls no more. */
function momentsOf({ syncing, unsentBytes, stalled, passMs, bandwidthBytesPerSecond }: Outlook) {
  if (syncing === 'passes' || unsentBytes > 0 || stalled || bandwidthBytesPerSecond <= 0) return [];
  const stepMs = (aheadPasses * passMs) / momentsAhead;
  return Array.from({ length: momentsAhead }, (_, index) => (index + 1) * stepMs);
}

/** What fits the pause that is allowed by now. */
export function fittingBytes({ state }: Situation, view: Outlook): number {
  return (view.bandwidthBytesPerSecond * state.maxDowntimeMs) / 1000;
}

function freezeCandidate(situation: Situation, view: Outlook): Candidate {
  const forecast = forecastStop(view, situation.state.paced);
  const expectedMs = forecast.blackoutMs.p90;
  return {
    action: { kind: 'freeze', expectedMs },
    permission: freezeAllowed(situation, expectedMs),
    afterMs: 0,
    forecast,
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
