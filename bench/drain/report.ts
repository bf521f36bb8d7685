import { budgetFor } from '../../src/policy/budget-for.ts';
import { type SlaClass, slaClasses } from '../../src/policy/vocabulary.ts';
import { weights } from '../../src/steering/harm.ts';
import { median } from '../averages.ts';
import { guests, linkBitsPerSecond, linkBytesPerSecond } from './scene.ts';

/** What one guest felt, by its own heartbeat. */
export interface Felt {
  readonly name: string;
  readonly slaClass: SlaClass;
  readonly moved: boolean;
  readonly runsOn: readonly string[];
  readonly blackoutMs: number | undefined;
  readonly lostWorkMs: number | undefined;
  readonly onePlace: string;
}

/** A host emptied by one contender. */
export interface Drained {
  readonly name: string;
  readonly makespanMs: number;
  /** What left the host meanwhile, with all that TCP and Ethernet add. */
  readonly sentBytes: number;
  readonly says: string;
  readonly felt: readonly Felt[];
}

/** All memory once over the link, ms: nobody empties the host sooner. */
const boundMs =
  (guests.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) / linkBytesPerSecond) * 1000;

/** By contender; with several rounds the median of each figure. */
export function classTable(contenders: readonly string[], all: readonly Drained[]): string {
  const head = [
    'emptied by',
    'moved',
    'time / bound',
    'link busy',
    ...slaClasses.map((one) => `lost work, ${one}, s`),
    ...slaClasses.map((one) => `longest pause, ${one}, ms`),
    'over budget',
    'harm to those it moved',
    "Drover's harm to the same",
  ];
  const own = all.filter(({ name }) => name === 'drover');
  const rows = contenders
    .map((name) => ({ name, runs: all.filter((one) => one.name === name) }))
    .filter(({ runs }) => runs.length > 0)
    .map(({ name, runs }) => [
      name === 'drover' ? '**drover**' : name,
      `${median(runs.map(movedOf))} of ${guests.length}`,
      median(runs.map(({ makespanMs }) => makespanMs / boundMs)).toFixed(2),
      `${(100 * median(runs.map(busyOf))).toFixed(0)} %`,
      ...slaClasses.map((one) => median(runs.map((run) => lostOf(run, one))).toFixed(1)),
      ...slaClasses.map((one) => median(runs.map((run) => pauseOf(run, one))).toFixed(0)),
      String(median(runs.map(overBudget))),
      median(runs.map((run) => harmOf(run, movedIn(run)))).toFixed(1),
      median(runs.map((run) => ownHarm(own, run))).toFixed(1),
    ]);
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** How much of what the link could carry was carried, 0 to 1. */
function busyOf({ sentBytes, makespanMs }: Drained): number {
  return (sentBytes * 8) / ((linkBitsPerSecond * makespanMs) / 1000);
}

export function guestTable(all: readonly Drained[]): string {
  const rows = all.flatMap(({ name, felt }) =>
    felt.map((one) => [
      name,
      one.name,
      one.slaClass,
      one.runsOn.join(' ') || 'nowhere',
      String(one.blackoutMs ?? '-'),
      String(one.lostWorkMs ?? '-'),
    ]),
  );
  const head = ['emptied by', 'guest', 'class', 'runs on', 'longest pause, ms', 'lost work, ms'];
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

export function verdictOf(contenders: readonly string[], all: readonly Drained[]): string {
  const runsOf = (name: string): readonly Drained[] => all.filter((one) => one.name === name);
  const own = runsOf('drover');
  const rivals = contenders.filter((name) => name !== 'drover' && runsOf(name).length > 0);
  const better = rivals.filter(
    (name) => median(runsOf(name).map((run) => harmOf(run, movedIn(run)) - ownHarm(own, run))) > 0,
  );
  const wholes = rivals.filter((name) => median(runsOf(name).map(movedOf)) === guests.length);
  const doubled = all.flatMap(({ felt }) => felt.filter(({ onePlace }) => onePlace !== 'ok'));
  return [
    `time_over_bound ${median(own.map(({ makespanMs }) => makespanMs / boundMs)).toFixed(2)}`,
    `moved ${median(own.map(movedOf))}`,
    `harm ${median(own.map((run) => harmOf(run, movedIn(run)))).toFixed(1)}`,
    `less_harm_than ${better.length} of ${rivals.length}`,
    `rivals_that_emptied_it ${wholes.length}`,
    `over_budget ${median(own.map(overBudget))}`,
    `not_in_one_place ${doubled.length}`,
  ].join(' ');
}

function movedOf(run: Drained): number {
  return movedIn(run).size;
}

function movedIn({ felt }: Drained): ReadonlySet<string> {
  return new Set(felt.filter(({ moved }) => moved).map(({ name }) => name));
}

/** What Drover did to those whom another one moved: who stays suffers nothing, and is no example. */
function ownHarm(own: readonly Drained[], rival: Drained): number {
  return median(own.map((run) => harmOf(run, movedIn(rival))));
}

function lostOf({ felt }: Drained, slaClass: SlaClass): number {
  const ms = felt
    .filter((one) => one.slaClass === slaClass)
    .reduce((sum, { lostWorkMs = 0 }) => sum + lostWorkMs, 0);
  return ms / 1000;
}

function pauseOf({ felt }: Drained, slaClass: SlaClass): number {
  const own = felt.filter((one) => one.slaClass === slaClass);
  return Math.max(...own.map(({ blackoutMs = 0 }) => blackoutMs));
}

/** Guests that paused for longer than an evacuation may pause one of their class. */
function overBudget({ felt }: Drained): number {
  return felt.filter(({ slaClass, blackoutMs = 0 }) => {
    return blackoutMs > budgetFor(slaClass, 'high').blackoutMs;
  }).length;
}

/** Lost work of these guests, s, by what a pause of their class weighs beside a pet's. */
function harmOf({ felt }: Drained, guestNames: ReadonlySet<string>): number {
  return felt
    .filter(({ name }) => guestNames.has(name))
    .reduce(
      (sum, { slaClass, lostWorkMs = 0 }) => sum + (weights[slaClass].pause * lostWorkMs) / 1000,
      0,
    );
}
