import { lossRiskOf } from '../../src/forecast/options.ts';
import type { Budget } from '../../src/policy/budget.ts';
import type { Importance } from '../../src/policy/vocabulary.ts';
import { weights } from '../../src/steering/harm.ts';
import type { Pair } from './cells.ts';

/** What a run did, as the guest and the hosts showed it. */
export interface Figures {
  readonly arrived: boolean;
  readonly totalMs: number;
  /** The guest's longest silence around the switch-over. */
  readonly blackoutMs: number;
  /** How long the guest would have worked, undisturbed, for what it did not do. */
  readonly lostWorkMs: number;
  readonly sentBytes: number;
  /** Whether the guest ran split over two hosts. */
  readonly postCopy: boolean;
  /** The strongest throttle seen. */
  readonly throttlePercent: number;
}

/** What a second until the end costs, in ms of a pet's pause. */
const impatiencePerSecond: Readonly<Record<Importance, number>> = { low: 5, medium: 20, high: 100 };

/** What it costs that the guest did not arrive, in ms of a pet's pause. */
export const notArrivedCost: Readonly<Record<Importance, number>> = {
  low: 1_000,
  medium: 8_000,
  high: 40_000,
};

/** Every post-copy counts as if its guest had been split for so long, ms: 0.0005, or 0.005 where none is mended. */
const splitMs = 8_000;

/** A pause beyond what the budget allows counts twice on top. */
const overBudgetFactor = 2;

/** What a run cost, in ms of a pet's pause. README.md gives the formula. */
export function costOf(
  figures: Figures,
  { slaClass, importance }: Pair,
  budget: Budget,
  postCopyRecoverable: boolean,
): number {
  const { pause, loss } = weights[slaClass];
  const overMs = Math.max(0, figures.blackoutMs - longestPauseMs(budget));
  const risk = lossRiskOf(postCopyRecoverable, splitMs);
  return (
    pause * Math.max(figures.blackoutMs, figures.lostWorkMs) +
    overBudgetFactor * pause * overMs +
    (figures.postCopy ? loss * risk : 0) +
    (impatiencePerSecond[importance] * figures.totalMs) / 1000 +
    (figures.arrived ? 0 : notArrivedCost[importance])
  );
}

/** Why the budget forbids what was done; `undefined` where it allows it. */
export function forbiddenBecause(
  figures: Figures,
  budget: Budget,
  postCopyRecoverable: boolean,
): string | undefined {
  const { pointOfNoReturn, slowdownShare } = budget;
  if (figures.postCopy && !mayRunSplit(pointOfNoReturn, postCopyRecoverable)) return 'post-copy';
  if (figures.throttlePercent > Math.round(slowdownShare * 100)) return 'throttle';
  if (figures.blackoutMs > longestPauseMs(budget)) return 'pause';
  return undefined;
}

function mayRunSplit(rule: Budget['pointOfNoReturn'], recoverable: boolean): boolean {
  return rule === 'yes' || (rule === 'if-recoverable' && recoverable);
}

/** The longest pause that the budget has room for, freezes included, ms. */
function longestPauseMs({ blackoutMs, freeze }: Budget): number {
  if (freeze.kind === 'as-needed') return Infinity;
  return freeze.kind === 'up-to' ? Math.max(blackoutMs, freeze.ms) : blackoutMs;
}
