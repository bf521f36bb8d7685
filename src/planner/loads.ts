import type { Fleet } from './fleet.ts';
import type { Step } from './trial.ts';

/**
 * What migrations pass, by number: each host's card outwards and inwards, each uplink outwards and
 * inwards. Full duplex: the two ways do not share.
 */
export interface Ways {
  /** bytes/s, by way; Infinity where nothing holds it back. */
  readonly bytesPerSecond: Float64Array;
  /** The ways of a move between two hosts. */
  between(from: number, to: number): readonly number[];
}

export function waysOf({ hosts, inventory: { links } }: Fleet): Ways {
  const linkIndex = new Map(links.map(({ name }, index) => [name, index]));
  const linkOf = hosts.map(({ link }) => (link === undefined ? -1 : (linkIndex.get(link) ?? -1)));
  const cards = hosts.flatMap(({ bandwidthBytesPerSecond: rate }) => [rate, rate]);
  const uplinks = links.flatMap(({ bandwidthBytesPerSecond: rate = Infinity }) => [rate, rate]);
  return {
    bytesPerSecond: Float64Array.from([...cards, ...uplinks]),
    between(from, to) {
      const ways = [2 * from, 2 * to + 1];
      const out = linkOf[from] ?? -1;
      const into = linkOf[to] ?? -1;
      if (out === into) return ways;
      if (out >= 0) ways.push(2 * (hosts.length + out));
      if (into >= 0) ways.push(2 * (hosts.length + into) + 1);
      return ways;
    },
  };
}

/** What the slowest way between two hosts carries, bytes/s. */
export function pathRate(ways: Ways, from: number, to: number): number {
  let least = Infinity;
  for (const way of ways.between(from, to))
    least = Math.min(least, ways.bytesPerSecond[way] ?? Infinity);
  return least;
}

/** How long each way is busy with what was planned over it, s. */
export class Loads {
  readonly ways: Ways;
  readonly seconds: Float64Array;

  constructor(ways: Ways) {
    this.ways = ways;
    this.seconds = new Float64Array(ways.bytesPerSecond.length);
  }

  add({ from, to }: Omit<Step, 'vm'>, bytes: number): void {
    for (const way of this.ways.between(from, to))
      this.seconds[way] =
        (this.seconds[way] ?? 0) + bytes / (this.ways.bytesPerSecond[way] ?? Infinity);
  }

  /** What the busiest way of a move would be busy with it, s. */
  worstWith(from: number, to: number, bytes: number): number {
    let most = 0;
    for (const way of this.ways.between(from, to)) {
      const rate = this.ways.bytesPerSecond[way] ?? Infinity;
      most = Math.max(most, (this.seconds[way] ?? 0) + bytes / rate);
    }
    return most;
  }

  worst(): number {
    return this.seconds.reduce((most, one) => Math.max(most, one), 0);
  }
}
