/** A way, from one host to another. */
export type Pair = readonly [from: string, to: string];

/** The hosts that a guest comes by, in their order. */
export type Tour = readonly string[];

/** A way that is wanted, or one that only joins two tours. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly wanted: boolean;
}

/**
 * As few tours as use every way once. Where as many ways lead into each host as out of it, as between
 * all hosts of a fleet, that is one round trip (Hierholzer's circuit of an Eulerian graph); elsewhere it
 * is cut where a way would have to be gone again.
 */
export function toursOver(ways: readonly Pair[]): readonly Tour[] {
  const wanted = ways.map(([from, to]) => ({ from, to, wanted: true }));
  const edges = [...wanted, ...joins(ways)];
  const unused = new Map(
    [...Map.groupBy(edges, ({ from }) => from)].map(([from, own]) => [from, own.toReversed()]),
  );
  return [...unused.keys()].flatMap((start) => cut(circuitFrom(start, unused)));
}

/** What makes as many ways lead into each host as out of it. */
function joins(ways: readonly Pair[]): readonly Edge[] {
  const surplus = new Map<string, number>();
  for (const [from, to] of ways) {
    surplus.set(from, (surplus.get(from) ?? 0) + 1);
    surplus.set(to, (surplus.get(to) ?? 0) - 1);
  }
  const beginnings = [...surplus].flatMap(([host, more]) => repeated(host, more));
  const ends = [...surplus].flatMap(([host, more]) => repeated(host, -more));
  return ends.flatMap((from, index) => {
    const to = beginnings[index];
    return to === undefined ? [] : [{ from, to, wanted: false }];
  });
}

function repeated(host: string, times: number): readonly string[] {
  return Array.from({ length: Math.max(0, times) }, () => host);
}

/** Uses up all edges that hang together with the start, and ends there. */
function circuitFrom(start: string, unused: ReadonlyMap<string, Edge[]>): readonly Edge[] {
  const ahead: Edge[] = [];
  const circuit: Edge[] = [];
  let at = start;
  for (;;) {
    const next = unused.get(at)?.pop();
    if (next === undefined) {
      // Nothing leads on from here: the last one that led here is the last that is not yet placed.
      const last = ahead.pop();
      if (last === undefined) return circuit.toReversed();
      circuit.push(last);
      at = last.from;
    } else {
      ahead.push(next);
      at = next.to;
    }
  }
}

/** The pieces of a circuit between the edges that nobody wants. */
function cut(circuit: readonly Edge[]): readonly Tour[] {
  const first = circuit.findIndex(({ wanted }) => !wanted);
  const turned = [...circuit.slice(first + 1), ...circuit.slice(0, first + 1)];
  const tours: string[][] = [];
  let tour: string[] = [];
  for (const { from, to, wanted } of turned) {
    if (wanted) tour = tour.length === 0 ? [from, to] : [...tour, to];
    if (!wanted && tour.length > 0) {
      tours.push(tour);
      tour = [];
    }
  }
  return tour.length > 0 ? [...tours, tour] : tours;
}
