import { forecastStay } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import type { Budget } from '../policy/budget.ts';
import { openBeginAgain } from './begin-again.ts';
import {
  alternativeOf,
  type Candidate,
  candidatesOf,
  endingBy,
  leastHarmful,
  takenBecause,
} from './candidates.ts';
import { decision, wait } from './decide.ts';
import type { Decision } from './decision.ts';
import { isGoodMoment, momentText } from './moment.ts';
import type { Situation } from './situation.ts';

/** Patience is over: the gentlest of what the budget leaves, or the end of the attempt. */
export function useBudget(situation: Situation, view: Outlook, gap: string): Decision {
  const candidates = candidatesOf(situation, view);
  const best = bestOf(situation, view, candidates);
  const alternatives = candidates
    .filter((candidate) => candidate !== best)
    .map((candidate) => alternativeOf(situation, candidate));
  if (best === undefined)
    return { ...nothingLeft(situation, view, gap, closedBecause(candidates)), alternatives };
  if (best.action.kind === 'start-post-copy' && !isGoodMoment(situation, view, best)) {
    const why = `${gap} Post-copy is due; it waits for ${momentText(view, best)}.`;
    return { ...wait(situation, view, why), alternatives };
  }
  return decision(
    situation,
    best.action,
    `${gap} ${takenBecause(best, view)}`,
    endingBy(best),
    alternatives,
  );
}

/**
 * What ends it within the pause that the budget allows; else it begins again, where it can and there is time for that;
 * else what ends it with a longer one.
 */
function bestOf(
  situation: Situation,
  view: Outlook,
  candidates: readonly Candidate[],
): Candidate | undefined {
  const { budget, atMs, deadlineMs = Infinity } = situation;
  const best = leastHarmful(situation, candidates);
  if (best !== undefined && !isBeyond(budget, best)) return best;
  const again = openBeginAgain(situation, view);
  return again !== undefined && atMs + again.forecast.timeMs.p50 <= deadlineMs ? again : best;
}

/** It would stop the guest for longer than the budget likes: only because nothing else ends. */
function isBeyond({ freeze, blackoutMs }: Budget, { action, forecast }: Candidate): boolean {
  return (
    action.kind === 'freeze' && freeze.kind === 'as-needed' && forecast.blackoutMs.p90 > blackoutMs
  );
}

function closedBecause(candidates: readonly Candidate[]): string {
  return candidates
    .flatMap(({ permission }) => (permission.allowed ? [] : permission.because))
    .join('; ');
}

/** Neither way of ending it is open: it must go on, or it stays. */
function nothingLeft(situation: Situation, view: Outlook, gap: string, reasons: string): Decision {
  if (situation.budget.otherwise === 'finish') {
    const why = `${gap} Nothing that is allowed completes now (${reasons}); it goes on and tries again.`;
    return wait(situation, view, why);
  }
  const why = `${gap} Nothing else is allowed (${reasons}): it stays where it is, unharmed.`;
  const expected = { ending: 'stay', forecast: forecastStay } as const;
  return decision(situation, { kind: 'stay' }, why, expected, []);
}
