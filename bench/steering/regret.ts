import { budgetFor } from '../../src/policy/budget-for.ts';
import { geometricMean } from '../averages.ts';
import { type Pair, pairName, type Scene } from './cells.ts';
import { costOf, type Figures, forbiddenBecause, notArrivedCost } from './cost.ts';
import type { StaticArmName } from './static-arms.ts';

/** `stay`: not to move it at all. */
export type RivalName = StaticArmName | 'stay';

/** What every arm did in one scene, in one round. */
export interface SceneRuns {
  readonly suite: string;
  readonly round: number;
  readonly scene: Scene;
  readonly postCopyRecoverable: boolean;
  readonly statics: readonly { readonly name: StaticArmName; readonly figures: Figures }[];
  readonly drover: readonly { readonly pair: Pair; readonly figures: Figures }[];
}

export interface Rival {
  readonly name: RivalName;
  readonly figures: Figures;
  readonly cost: number;
  /** What of it the budget does not allow. */
  readonly forbidden: string | undefined;
}

export interface Cell {
  readonly name: string;
  readonly suite: string;
  readonly pair: Pair;
  readonly drover: { readonly figures: Figures; readonly cost: number };
  readonly rivals: readonly Rival[];
  /** The cheapest rival, in hindsight, of those that the budget allows. */
  readonly oracle: Rival;
  /** The cheapest of all rivals. */
  readonly cheapest: Rival;
  readonly regret: number;
  readonly regretToAll: number;
}

const unmoved: Figures = {
  arrived: false,
  totalMs: 0,
  blackoutMs: 0,
  lostWorkMs: 0,
  sentBytes: 0,
  postCopy: false,
  throttlePercent: 0,
};

export function cellsOf(runs: SceneRuns): readonly Cell[] {
  return runs.drover.map(({ pair, figures }) => cellOf(runs, pair, figures));
}

function cellOf(runs: SceneRuns, pair: Pair, figures: Figures): Cell {
  const { scene, round, suite, postCopyRecoverable } = runs;
  const budget = budgetFor(pair.slaClass, pair.importance);
  const rivals = rivalsOf(runs, pair);
  const cost = costOf(figures, pair, budget, postCopyRecoverable);
  const oracle = cheapestOf(rivals.filter(({ forbidden }) => forbidden === undefined));
  const cheapest = cheapestOf(rivals);
  const name = `${scene.workload}/${scene.linkMbitPerSecond}/${pairName(pair)}`;
  return {
    name: round === 0 ? name : `${name}, round ${round + 1}`,
    suite,
    pair,
    drover: { figures, cost },
    rivals,
    oracle,
    cheapest,
    regret: cost / oracle.cost,
    regretToAll: cost / cheapest.cost,
  };
}

function rivalsOf({ statics, postCopyRecoverable }: SceneRuns, pair: Pair): readonly Rival[] {
  const budget = budgetFor(pair.slaClass, pair.importance);
  const rivals = statics.map(({ name, figures }) => ({
    name,
    figures,
    cost: costOf(figures, pair, budget, postCopyRecoverable),
    forbidden: forbiddenBecause(figures, budget, postCopyRecoverable),
  }));
  const mustFinish = budget.otherwise === 'finish' ? 'must finish' : undefined;
  const cost = notArrivedCost[pair.importance];
  return [...rivals, { name: 'stay', figures: unmoved, cost, forbidden: mustFinish }];
}

/** Something is always allowed: who may stay may stay, and who must finish may stop and copy. */
function cheapestOf(rivals: readonly Rival[]): Rival {
  const [best] = rivals.toSorted((a, b) => a.cost - b.cost);
  if (best === undefined) throw new Error('no arm kept to the budget');
  return best;
}

export interface Verdict {
  readonly cells: number;
  /** The geometric mean of the cells' regrets. */
  readonly mean: number;
  /** The same with every cell that beats its oracle counted as 1. */
  readonly withoutWins: number;
  /** The geometric mean against the cheapest arm, allowed or not. */
  readonly meanToAll: number;
  /** Our costs together over the oracles' together: the dear cells weigh more. */
  readonly sum: number;
  readonly worst: number;
}

export function verdictOf(cells: readonly Cell[]): Verdict {
  const regrets = cells.map(({ regret }) => regret);
  const costs = total(cells.map(({ drover }) => drover.cost));
  return {
    cells: cells.length,
    mean: geometricMean(regrets),
    withoutWins: geometricMean(regrets.map((regret) => Math.max(1, regret))),
    meanToAll: geometricMean(cells.map(({ regretToAll }) => regretToAll)),
    sum: costs / total(cells.map(({ oracle }) => oracle.cost)),
    worst: Math.max(...regrets),
  };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
