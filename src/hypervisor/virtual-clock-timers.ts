/** Something that happens at an instant of virtual time. */
export interface Timer {
  readonly atMs: number;
  readonly order: number;
  /** `undefined` once it was withdrawn. */
  fire: (() => void) | undefined;
}

/** What is due next, first: a binary heap, by time and then by the order of making. */
export class TimerHeap {
  readonly #heap: Timer[] = [];
  #made = 0;

  add(atMs: number, fire: () => void): Timer {
    const timer: Timer = { atMs, order: this.#made++, fire };
    this.#rise(this.#heap.push(timer) - 1, timer);
    return timer;
  }

  /** The next timer that was not withdrawn, taken out; none that is due after `untilMs`. */
  take(untilMs = Infinity): { readonly atMs: number; readonly fire: () => void } | undefined {
    for (;;) {
      const [next] = this.#heap;
      if (next !== undefined && next.atMs > untilMs) return undefined;
      const timer = this.#pop();
      if (timer === undefined) return undefined;
      const { atMs, fire } = timer;
      if (fire !== undefined) return { atMs, fire };
    }
  }

  #pop(): Timer | undefined {
    const [top] = this.#heap;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
    return top;
  }

  #rise(from: number, timer: Timer): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(timer, parent)) break;
      this.#heap[index] = parent;
      index = above;
    }
    this.#heap[index] = timer;
  }

  /** Puts a timer in at the top and lets it find its place. */
  #sink(timer: Timer): void {
    let index = 0;
    for (;;) {
      const below = this.#firstBelow(index);
      const child = this.#heap[below];
      if (child === undefined || !isBefore(child, timer)) break;
      this.#heap[index] = child;
      index = below;
    }
    this.#heap[index] = timer;
  }

  #firstBelow(index: number): number {
    const left = 2 * index + 1;
    const [a, b] = [this.#heap[left], this.#heap[left + 1]];
    return a !== undefined && b !== undefined && isBefore(b, a) ? left + 1 : left;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
