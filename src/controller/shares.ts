import type { Importance } from '../policy/vocabulary.ts';

/** A migration that runs, as far as it needs the way. */
export interface Flow {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly importance: Importance;
}

/** What admins let migrations take, bytes/s; `undefined`: all that there is. */
export interface Caps {
  ofHost(host: string): number | undefined;
  linkOf(host: string): string | undefined;
  ofLink(link: string): number | undefined;
}

/** What one counts for where several share a way: twice as much a step. */
const weights: Readonly<Record<Importance, number>> = { low: 1, medium: 2, high: 4 };

/**
 * What each migration may take, bytes/s: weighted max-min fairness, by importance, under all caps
 * on its way; Infinity where there is none. All grow together in proportion to their weights; who
 * meets a full cap stops there, and the others go on (progressive filling: Bertsekas and Gallager,
 * Data Networks, section 6.5).
 */
export function sharesOf(flows: readonly Flow[], caps: Caps): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  let growing = [...flows];
  const bounds = boundsOf(flows, caps);
  while (growing.length > 0) {
    const level = Math.min(...bounds.map((bound) => bound.levelFor(growing, shares)));
    const full = bounds.filter((bound) => bound.levelFor(growing, shares) <= level);
    const stopping = growing.filter((flow) => level === Infinity || full.some((b) => b.has(flow)));
    for (const flow of stopping) shares.set(flow.id, level * weights[flow.importance]);
    growing = growing.filter((flow) => !shares.has(flow.id));
  }
  return shares;
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
  levelFor(growing: readonly Flow[], given: ReadonlyMap<string, number>): number {
    const left = [...this.#members].reduce(
      (rest, id) => rest - (given.get(id) ?? 0),
      this.#bytesPerSecond,
    );
    const weight = growing
      .filter((flow) => this.has(flow))
      .reduce((sum, { importance }) => sum + weights[importance], 0);
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
