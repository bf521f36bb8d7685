import { budgetFor } from '../../src/policy/budget-for.ts';
import { median } from '../averages.ts';
import type { Pair } from '../steering/cells.ts';
import { costOf, type Figures, forbiddenBecause, notArrivedCost } from '../steering/cost.ts';
import { limitMs } from './cells.ts';
import type { Row } from './rows.ts';

/** What an arm did, over its repetitions, and what that is worth. */
export interface Result {
  readonly arm: string;
  readonly system: string;
  /** Medians over its repetitions. */
  readonly figures: Figures;
  /** Each of its repetitions. */
  readonly runs: readonly Figures[];
  readonly cost: number;
  /** What of it the guest's budget does not allow. */
  readonly forbidden: string | undefined;
}

/** One guest, of one worth, on one link: Drover beside the others. */
export interface PeerCell {
  readonly suite: string;
  readonly scene: string;
  readonly pair: Pair;
  readonly drover: Result;
  /** Each system with that arm and timers that cost it least; where there is a cell of another suite, too, in one of them. */
  readonly peers: readonly Peer[];
  /** All other arms on the same suite, static mechanisms included. */
  readonly others: readonly Result[];
  /** Drover's cost over that of the cheapest that the budget allows, `stay` among them. */
  readonly regret: number;
  readonly oracle: string;
  /** The arm that is better than or equal to most systems; `undefined` where none kept to the budget. */
  readonly ceiling: Result | undefined;
}

/** A pair of a cell and a system. */
export interface Peer {
  readonly result: Result;
  readonly standing: Standing;
  /** Better or equal, where who did not do as asked counts as worse than who did. */
  readonly asAsked: boolean;
  /** Whether the cell's ceiling is better than this system, or equal to it. */
  readonly reachable: boolean;
}

/**
 * `win`: not worse in anything, and better in something. Better in one and worse in another: `gentler` with
 * less harm, `faster` with less time, `arrived` or `stayed` where only one of the two did arrive.
 */
export type Standing = 'win' | 'equal' | 'gentler' | 'faster' | 'arrived' | 'stayed' | 'lose';

export function peerCellsOf(rows: readonly Row[]): readonly PeerCell[] {
  const drovers = grouped(
    rows.filter(({ system }) => system === 'Drover'),
    (row) => `${row.suite} ${sceneKey(row)} ${row.arm}`,
  );
  const cells = drovers.flatMap((runs) => {
    const [first] = runs;
    if (first === undefined || first.pair === null) return [];
    const rivals = rows.filter(
      (row) => row.pair === null && row.suite === first.suite && sceneKey(row) === sceneKey(first),
    );
    return rivals.length === 0 ? [] : [cellOf(first, first.pair, runs, rivals)];
  });
  return onTheirBestSuites(cells);
}

/**
 * Each system on one suite only of those on which a cell was measured: where it stands best beside Drover, which runs on
 * the same one. Ladders that count iterations were made for the long ones of an older QEMU.
 */
function onTheirBestSuites(cells: readonly PeerCell[]): readonly PeerCell[] {
  const keyOf = ({ scene, pair }: PeerCell, { result: { system } }: Peer): string =>
    `${scene} ${pair.slaClass} ${pair.importance} ${system}`;
  const pairs = cells.flatMap((cell) => cell.peers.map((peer) => ({ cell, peer })));
  const best = new Set(
    grouped(pairs, ({ cell, peer }) => keyOf(cell, peer)).flatMap((ofSystem) =>
      ofSystem
        .toSorted((a, b) => advantageOf(b.cell, b.peer) - advantageOf(a.cell, a.peer))
        .slice(0, 1)
        .map(({ peer }) => peer),
    ),
  );
  return cells.map((cell) => ({ ...cell, peers: cell.peers.filter((peer) => best.has(peer)) }));
}

function advantageOf({ drover }: PeerCell, { result }: Peer): number {
  return drover.cost / result.cost;
}

function cellOf(
  { suite, scene }: Row,
  pair: Pair,
  runs: readonly Row[],
  rivals: readonly Row[],
): PeerCell {
  const drover = resultOf(runs, pair);
  const others = grouped(rivals, (row) => `${row.timers} ${row.arm}`).map((one) =>
    resultOf(one, pair),
  );
  const peers = grouped(
    others.filter(({ system }) => system !== 'static'),
    ({ system }) => system,
  ).map((ofSystem) => {
    return cheapestOf(ofSystem);
  });
  const ceiling = ceilingOf([drover, ...others], peers);
  const oracle = oracleOf(others, pair);
  return {
    suite,
    scene,
    pair,
    drover,
    peers: peers.map((result) => {
      const standing = standingOf(drover.figures, result.figures);
      const didAsAsked = hasDoneAsAsked(drover, pair);
      const asAsked = didAsAsked === hasDoneAsAsked(result, pair) ? isKept(standing) : didAsAsked;
      const reachable =
        ceiling !== undefined && isKept(standingOf(ceiling.figures, result.figures));
      return { result, standing, asAsked, reachable };
    }),
    others,
    ceiling,
    ...oracle,
    regret: drover.cost / oracle.cost,
  };
}

/**
 * Who knew the end beforehand, and was after nothing but these pairs, would take this one of all that
 * the budget allows. It is measured by the same rule as Drover: equal where it is the system's own.
 */
function ceilingOf(all: readonly Result[], peers: readonly Result[]): Result | undefined {
  const kept = ({ figures }: Result): number =>
    peers.filter((peer) => isKept(standingOf(figures, peer.figures))).length;
  const allowed = all.filter(({ forbidden }) => forbidden === undefined);
  return allowed.toSorted((a, b) => kept(b) - kept(a) || a.cost - b.cost).at(0);
}

/** Better or equal in everything. */
export function isKept(standing: Standing): boolean {
  return standing === 'win' || standing === 'equal';
}

/** It kept to the guest's budget, and has moved it, or may leave it where it is. */
export function hasDoneAsAsked({ figures, forbidden }: Result, pair: Pair): boolean {
  return forbidden === undefined && (figures.arrived || mayStay(pair));
}

function mayStay({ slaClass, importance }: Pair): boolean {
  return budgetFor(slaClass, importance).otherwise === 'stay';
}

/** The system is not better or equal in everything, and better in something. */
export function isUndominated(standing: Standing): boolean {
  return standing !== 'lose';
}

function oracleOf(
  others: readonly Result[],
  pair: Pair,
): { readonly oracle: string; readonly cost: number } {
  const stay = { arm: 'stay', cost: notArrivedCost[pair.importance] };
  const allowed = others.filter(({ forbidden }) => forbidden === undefined);
  const [best] = [...allowed, ...(mayStay(pair) || allowed.length === 0 ? [stay] : [])].toSorted(
    (a, b) => a.cost - b.cost,
  );
  return { oracle: best?.arm ?? stay.arm, cost: best?.cost ?? stay.cost };
}

function resultOf(runs: readonly Row[], pair: Pair): Result {
  const [first] = runs;
  if (first === undefined) throw new Error('an arm without runs');
  const each = runs.map((run) => upToLimit(run.figures, run));
  const figures = middleOf(each);
  const budget = budgetFor(pair.slaClass, pair.importance);
  return {
    arm: first.timers === 'scaled' ? first.arm : `${first.arm}, unscaled`,
    system: first.system,
    figures,
    runs: each,
    cost: costOf(figures, pair, budget, first.postCopyRecoverable),
    forbidden: forbiddenBecause(figures, budget, first.postCopyRecoverable),
  };
}

/** Who did not arrive has taken all of the time there was, whoever gave up: to give up early is no merit. */
function upToLimit(figures: Figures, row: Row): Figures {
  if (figures.arrived) return figures;
  return { ...figures, totalMs: limitMs(row) };
}

/** Medians; arrived where most did. */
export function middleOf(all: readonly Figures[]): Figures {
  const middle = (of: (figures: Figures) => number): number => median(all.map(of));
  return {
    arrived: all.filter(({ arrived }) => arrived).length * 2 > all.length,
    totalMs: middle(({ totalMs }) => totalMs),
    blackoutMs: middle(({ blackoutMs }) => blackoutMs),
    lostWorkMs: middle(({ lostWorkMs }) => lostWorkMs),
    sentBytes: middle(({ sentBytes }) => sentBytes),
    postCopy: all.some(({ postCopy }) => postCopy),
    throttlePercent: Math.max(...all.map(({ throttlePercent }) => throttlePercent)),
  };
}

/** The longest pause or the work that was lost, whichever is more. */
export function harmMs({ blackoutMs, lostWorkMs }: Figures): number {
  return Math.max(blackoutMs, lostWorkMs);
}

/** Within 5 %, or 20 ms of harm and 250 ms of time, two runs are equal. */
const same = { share: 0.05, harmMs: 20, timeMs: 250 } as const;

/** Arrived, harm to the guest, time until the end: how `mine` stands to `other`. */
export function standingOf(mine: Figures, other: Figures): Standing {
  const arrived = Number(mine.arrived) - Number(other.arrived);
  const gentler = -compared(harmMs(mine), harmMs(other), same.harmMs);
  const faster = -compared(mine.totalMs, other.totalMs, same.timeMs);
  const signs = [arrived, gentler, faster];
  if (!signs.some((sign) => sign < 0)) return signs.some((sign) => sign > 0) ? 'win' : 'equal';
  if (!signs.some((sign) => sign > 0)) return 'lose';
  if (arrived !== 0) return arrived > 0 ? 'arrived' : 'stayed';
  return gentler > 0 ? 'gentler' : 'faster';
}

function compared(a: number, b: number, near: number): -1 | 0 | 1 {
  if (Math.abs(a - b) <= Math.max(near, same.share * Math.max(a, b))) return 0;
  return a > b ? 1 : -1;
}

export function cheapestOf(results: readonly Result[]): Result {
  const [best] = results.toSorted((a, b) => a.cost - b.cost);
  if (best === undefined) throw new Error('nothing to choose from');
  return best;
}

function sceneKey({ scene, memoryMib, does }: Row): string {
  return `${scene} ${memoryMib} ${does}`;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(items, keyOf).values()];
}

/** What Drover and a system cost, in the mean of the cells of one class that both were measured in. */
export interface Meeting {
  readonly slaClass: Pair['slaClass'];
  readonly system: string;
  readonly cells: number;
  /** Drover's mean cost over that of the system. */
  readonly ratio: number;
  /** In how many of the cells the system did what the guest's budget forbids. */
  readonly forbidden: number;
  /** The ratio over the others. `NaN`: there are none. */
  readonly ratioWithinBudget: number;
}

export function meetingsOf(cells: readonly PeerCell[]): readonly Meeting[] {
  const all = cells.flatMap(({ pair, drover, peers }) =>
    peers.map(({ result }) => ({ slaClass: pair.slaClass, drover, result })),
  );
  return grouped(all, ({ slaClass, result }) => `${slaClass} ${result.system}`).flatMap((ones) => {
    const [first] = ones;
    if (first === undefined) return [];
    const within = ones.filter(({ result }) => result.forbidden === undefined);
    return {
      slaClass: first.slaClass,
      system: first.result.system,
      cells: ones.length,
      ratio: ratioOf(ones),
      forbidden: ones.length - within.length,
      ratioWithinBudget: ratioOf(within),
    };
  });
}

function ratioOf(ones: readonly { readonly drover: Result; readonly result: Result }[]): number {
  return meanCost(ones.map(({ drover }) => drover)) / meanCost(ones.map(({ result }) => result));
}

/** The most, over classes and systems, by which Drover cost more than a system: as a share. */
export function worstClassOf(meetings: readonly Meeting[]): number {
  return Math.max(...meetings.map(({ ratio }) => ratio)) - 1;
}

/** The same in those cells in which the system kept to the guest's budget, as Drover does in all. */
export function worstWithinBudgetOf(meetings: readonly Meeting[]): number {
  const ratios = meetings.map(({ ratioWithinBudget }) => ratioWithinBudget);
  return Math.max(...ratios.filter((ratio) => !Number.isNaN(ratio))) - 1;
}

function meanCost(results: readonly Result[]): number {
  return results.reduce((sum, { cost }) => sum + cost, 0) / results.length;
}
