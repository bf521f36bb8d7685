/** So much of one resource, all the while from a beginning. */
export interface Use {
  readonly resource: number;
  readonly amount: number;
  readonly ms: number;
}

/** Rounding, as a share of what there is. */
const roundingShare = 1e-9;

/** What is taken of each resource, and when: a step function of time for each. */
export class Timetable {
  readonly #capacity: readonly number[];
  /** When what is taken of each resource changes, ms; the first one is the beginning of time. */
  readonly #times: readonly number[][];
  /** What is taken from each of these times on. */
  readonly #taken: readonly number[][];

  constructor(capacity: readonly number[]) {
    this.#capacity = capacity;
    this.#times = capacity.map(() => [0]);
    this.#taken = capacity.map(() => [0]);
  }

  /** When all uses can begin together, ms, not before `fromMs`; Infinity: never. */
  earliest(uses: readonly Use[], fromMs: number): number {
    let atMs = fromMs;
    for (let fitting = 0, index = 0; fitting < uses.length; index = (index + 1) % uses.length) {
      const use = uses[index];
      const next: number = use === undefined ? atMs : this.#earliestOf(use, atMs);
      fitting = next > atMs ? 1 : fitting + 1;
      atMs = next;
      if (atMs === Infinity) return Infinity;
    }
    return atMs;
  }

  take(uses: readonly Use[], fromMs: number): void {
    for (const { resource, amount, ms } of uses) this.#add(resource, amount, fromMs, fromMs + ms);
  }

  giveBack(uses: readonly Use[], fromMs: number): void {
    for (const { resource, amount, ms } of uses) this.#add(resource, -amount, fromMs, fromMs + ms);
  }

  #earliestOf({ resource, amount, ms }: Use, fromMs: number): number {
    const times = this.#times[resource] ?? [];
    const taken = this.#taken[resource] ?? [];
    const most = (this.#capacity[resource] ?? 0) * (1 + roundingShare) - amount;
    let atMs = fromMs;
    for (let part = placeOf(times, fromMs); part < times.length; part += 1) {
      const endMs = times[part + 1] ?? Infinity;
      if ((taken[part] ?? 0) > most) atMs = endMs;
      else if (endMs >= atMs + ms) return atMs;
    }
    return Infinity;
  }

  #add(resource: number, amount: number, fromMs: number, toMs: number): void {
    const times = this.#times[resource] ?? [];
    const taken = this.#taken[resource] ?? [];
    const first = cut(times, taken, fromMs);
    const end = cut(times, taken, toMs);
    for (let part = first; part < end; part += 1) taken[part] = (taken[part] ?? 0) + amount;
    join(times, taken, end);
    join(times, taken, first);
  }
}

/** The last part that begins at a time or before. */
function placeOf(times: readonly number[], ms: number): number {
  let low = 0;
  let high = times.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) <= ms) low = middle;
    else high = middle;
  }
  return low;
}

/** The part that begins just then, made where there was none. */
function cut(times: number[], taken: number[], ms: number): number {
  const part = placeOf(times, ms);
  if (times[part] === ms) return part;
  times.splice(part + 1, 0, ms);
  taken.splice(part + 1, 0, taken[part] ?? 0);
  return part + 1;
}

/** Two parts in which as much is taken are one. */
function join(times: number[], taken: number[], part: number): void {
  if (part === 0 || Math.abs((taken[part] ?? 0) - (taken[part - 1] ?? 0)) > roundingShare) return;
  times.splice(part, 1);
  taken.splice(part, 1);
}
