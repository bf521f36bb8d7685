import { forecastStay } from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { formatBytes } from '../units/format.ts';
import {
  alternativeOf,
  type Candidate,
  candidatesOf,
  endingBy,
  leastHarmful,
} from './candidates.ts';
import { decision, wait } from './decide.ts';
import type { Decision } from './decision.ts';
import { patienceLeftMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** Post-copy starts this near to the trough, or after this many passes of waiting for it. */
const troughMargin = 1.2;
const troughPasses = 1.5;

/** Patience is over: the gentlest of what the budget leaves, or the end of the attempt. */
export function useBudget(situation: Situation, view: Outlook, gap: string): Decision {
  const candidates = candidatesOf(situation, view);
  const best = leastHarmful(situation, candidates);
  const alternatives = candidates
    .filter((candidate) => candidate !== best)
    .map((candidate) => alternativeOf(situation, candidate));
  if (best === undefined)
    return { ...nothingLeft(situation, view, gap, closedBecause(candidates)), alternatives };
  if (best.action.kind === 'start-post-copy' && !goodMoment(situation, view)) {
    const why = `${gap} Post-copy is due; it waits for ${momentText(view)}.`;
    return { ...wait(situation, view, why), alternatives };
  }
  return decision(situation, best.action, `${gap} ${best.why}`, endingBy(best), alternatives);
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

function momentText({ syncing, remainingBytes }: Outlook): string {
  return syncing === 'passes'
    ? 'the end of this pass, which says what is left'
    : `the moment when less is left than ${formatBytes(remainingBytes)}`;
}

/** Where QEMU looks only at the end of a pass, what it saw is true for so long, ms. */
const freshMs = 400;

/**
 * Whether what is left is about as little as it ever was, or the wait for that was long enough. Within
 * a pass of a QEMU that looks only at its end, nobody knows what is left: its end is waited for.
 */
export function goodMoment(situation: Situation, view: Outlook): boolean {
  const least = view.trough?.leastBytes ?? Infinity;
  const waited = -patienceLeftMs(situation, view);
  if (waited > troughPasses * view.passMs) return true;
  if (view.syncing === 'passes') return view.sinceSyncMs < freshMs;
  return view.remainingBytes <= least * troughMargin;
}
