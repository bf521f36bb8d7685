/** A migration that runs, as far as it needs the ways. */
export interface Flow {
  readonly ways: readonly number[];
  readonly weight: number;
  /** bytes/s; set by `fill`. */
  rate: number;
}

/**
 * Gives each flow its weighted max-min fair rate under the capacity of its ways: all grow in proportion
 * to their weights, and those on a way that is full stop (progressive filling: Bertsekas and Gallager,
 * Data Networks, section 6.5). A heap finds the next full way, so that thousands of flows take
 * milliseconds. A flow that nothing holds back gets Infinity.
 */
export function fill(flows: readonly Flow[], capacity: Float64Array): void {
  const left = new Map<number, number>();
  const weight = new Map<number, number>();
  const members = new Map<number, Flow[]>();
  for (const flow of flows) {
    flow.rate = Infinity;
    for (const way of flow.ways) {
      const there = members.get(way);
      if (there === undefined) members.set(way, [flow]);
      else there.push(flow);
      weight.set(way, (weight.get(way) ?? 0) + flow.weight);
    }
  }
  const heap = new Heap();
  for (const [way, sum] of weight) {
    const all = capacity[way] ?? Infinity;
    left.set(way, all);
    if (all < Infinity) heap.push(all / sum, way);
  }
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const sum = weight.get(top.way) ?? 0;
    if (sum <= roundingWeight) continue;
    const level = Math.max(0, left.get(top.way) ?? 0) / sum;
    // Others have stopped on it since: it fills later than was thought.
    if (level > top.level * (1 + 1e-12)) {
      heap.push(level, top.way);
      continue;
    }
    for (const flow of members.get(top.way) ?? []) stop(flow, level, left, weight);
  }
}

/** What is left of a sum of weights after all of them were taken away. */
const roundingWeight = 1e-9;

function stop(
  flow: Flow,
  level: number,
  left: Map<number, number>,
  weight: Map<number, number>,
): void {
  if (flow.rate < Infinity) return;
  flow.rate = level * flow.weight;
  for (const way of flow.ways) {
    left.set(way, (left.get(way) ?? 0) - flow.rate);
    weight.set(way, (weight.get(way) ?? 0) - flow.weight);
  }
}

interface Entry {
  readonly level: number;
  readonly way: number;
}

/** A binary heap, the lowest level first; of equal ones the lowest way. */
class Heap {
  readonly #entries: Entry[] = [];

  push(level: number, way: number): void {
    const entries = this.#entries;
    let at = entries.length;
    const entry = { level, way };
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || isBefore(above, entry)) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): Entry | undefined {
    const entries = this.#entries;
    const top = entries[0];
    const end = entries.pop();
    if (top === undefined || end === undefined || entries.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [one, other] = [entries[child], entries[child + 1]];
      if (one === undefined) break;
      if (other !== undefined && isBefore(other, one)) child += 1;
      const below = entries[child];
      if (below === undefined || isBefore(end, below)) break;
      entries[at] = below;
      at = child;
    }
    entries[at] = end;
    return top;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.level < other.level || (one.level === other.level && one.way < other.way);
}
