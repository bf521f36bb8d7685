import type { Importance } from '../policy/vocabulary.ts';
import type { MigrationPhase } from '../store/rows.ts';

/** A migration that runs, as far as it needs the way. */
export interface Flow {
  /** Sorts by time. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly importance: Importance;
  readonly phase: MigrationPhase;
  /** `undefined`: it has shown nothing yet. */
  readonly progress:
    | { readonly dirtyRateBytesPerSecond: number; readonly remainingBytes: number }
    | undefined;
}

/** What admins let migrations take, bytes/s; `undefined`: all that there is. */
export interface Caps {
  ofHost(host: string): number | undefined;
  linkOf(host: string): string | undefined;
  ofLink(link: string): number | undefined;
}

/** What one counts for where several share a way: twice as much a step. */
const weights: Readonly<Record<Importance, number>> = { low: 1, medium: 2, high: 4 };
/** Who goes first counts so many times more: it has nearly the whole way, and nobody stands still. */
const firstTimes = 16;
/** Its guest waits for every page that is still to come. (One whose stream is broken takes nothing until it is mended.) */
const waitingGuest: ReadonlySet<MigrationPhase> = new Set(['switching', 'post-copy']);
/** Who would be across within this time, ms, if it had the whole way, has it. */
const finishingMs = 2_000;
/** A guest is outrun by a way that carries so many times what it writes. */
const outrunTimes = 1.25;

/**
 * What each migration may take, bytes/s: weighted max-min fairness, by importance, under all caps
 * on its way; Infinity where there is none. Whose guest waits for its pages goes first, and of those
 * that write faster than their share, but slower than the whole way, the oldest: side by side they would
 * send the same pages again and again, one after another each of them ends. For the same reason one that is about
 * to end goes first: whoever has begun beside it loses next to nothing by that.
 */
export function sharesOf(flows: readonly Flow[], caps: Caps): ReadonlyMap<string, number> {
  const waiting = new Set(flows.filter(({ phase }) => waitingGuest.has(phase)).map(({ id }) => id));
  const fair = filled(flows, caps, waiting);
  const crowded = flows.filter((flow) => needsTheWay(flow, fair, caps));
  const oldest = crowded.filter(
    (one) => !crowded.some((other) => other.id < one.id && meet(one, other, caps)),
  );
  if (oldest.length === 0) return fair;
  return filled(flows, caps, new Set([...waiting, ...oldest.map(({ id }) => id)]));
}

/** Whether it would be outrun by its share alone, or is about to end. */
function needsTheWay(flow: Flow, fair: ReadonlyMap<string, number>, caps: Caps): boolean {
  const { id, phase, progress } = flow;
  if (phase !== 'copying' || progress === undefined) return false;
  const { dirtyRateBytesPerSecond, remainingBytes } = progress;
  const whole = filled([flow], caps, new Set()).get(id) ?? 0;
  const needed = dirtyRateBytesPerSecond * outrunTimes;
  if (needed > (fair.get(id) ?? Infinity) && needed <= whole) return true;
  const gained = whole - dirtyRateBytesPerSecond;
  return gained > 0 && (remainingBytes / gained) * 1000 <= finishingMs;
}

/** Whether two share a host or a link. */
function meet(a: Flow, b: Flow, caps: Caps): boolean {
  const links = [a.from, a.to].map((host) => caps.linkOf(host));
  return [b.from, b.to].some(
    (host) =>
      host === a.from ||
      host === a.to ||
      (caps.linkOf(host) !== undefined && links.includes(caps.linkOf(host))),
  );
}

/**
 * All grow together in proportion to their weights; who meets a full cap stops there, and the others go
 * on (progressive filling: Bertsekas and Gallager, Data Networks, section 6.5). `first`: who goes first.
 */
function filled(
  flows: readonly Flow[],
  caps: Caps,
  first: ReadonlySet<string>,
): ReadonlyMap<string, number> {
  const weightOf = ({ id, importance }: Flow): number =>
    weights[importance] * (first.has(id) ? firstTimes : 1);
  const shares = new Map<string, number>();
  let growing = [...flows];
  const bounds = boundsOf(flows, caps);
  while (growing.length > 0) {
    const weighed = growing.map((flow) => ({ flow, weight: weightOf(flow) }));
    const level = Math.min(...bounds.map((bound) => bound.levelFor(weighed, shares)));
    const full = bounds.filter((bound) => bound.levelFor(weighed, shares) <= level);
    const stopping = growing.filter((flow) => level === Infinity || full.some((b) => b.has(flow)));
    for (const flow of stopping) shares.set(flow.id, level * weightOf(flow));
    growing = growing.filter((flow) => !shares.has(flow.id));
  }
  return shares;
}

interface Weighed {
  readonly flow: Flow;
  readonly weight: number;
}

/** One cap, and who is under it. */
class Bound {
  readonly #members: ReadonlySet<string>;
  readonly #bytesPerSecond: number;

  constructor(members: readonly Flow[], bytesPerSecond: number) {
    this.#members = new Set(members.map(({ id }) => id));
    this.#bytesPerSecond = bytesPerSecond;
  }

  has({ id }: Flow): boolean {
    return this.#members.has(id);
  }

  /** How much each unit of weight may have; Infinity where nobody under it still grows. */
  levelFor(growing: readonly Weighed[], given: ReadonlyMap<string, number>): number {
    const left = [...this.#members].reduce(
      (rest, id) => rest - (given.get(id) ?? 0),
      this.#bytesPerSecond,
    );
    const weight = growing
      .filter(({ flow }) => this.has(flow))
      .reduce((sum, one) => sum + one.weight, 0);
    return weight === 0 ? Infinity : Math.max(0, left) / weight;
  }
}

function boundsOf(flows: readonly Flow[], caps: Caps): readonly Bound[] {
  const hosts = new Set(flows.flatMap(({ from, to }) => [from, to]));
  const links = new Set(
    [...hosts].map((host) => caps.linkOf(host)).filter((link) => link !== undefined),
  );
  const bounds: Bound[] = [];
  for (const host of hosts) {
    const cap = caps.ofHost(host);
    if (cap === undefined) continue;
    bounds.push(
      new Bound(
        flows.filter(({ from, to }) => from === host || to === host),
        cap,
      ),
    );
  }
  for (const link of links) {
    const cap = caps.ofLink(link);
    if (cap === undefined) continue;
    const over = ({ from, to }: Flow): boolean =>
      caps.linkOf(from) === link || caps.linkOf(to) === link;
    bounds.push(new Bound(flows.filter(over), cap));
  }
  return bounds;
}
