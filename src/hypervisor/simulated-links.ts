/** A stream from one host to another. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** What it would take if nobody else were there, bytes/s; 0 where it sends nothing. */
  readonly wantedBytesPerSecond: number;
}

/** A host's card in one direction: what is left of it, and how many streams still grow in it. */
interface Card {
  freeBytesPerSecond: number;
  growing: number;
}

interface Growing extends Flow {
  readonly cards: readonly Card[];
  bytesPerSecond: number;
}

/** Less than this share of a card or of a wish is the rounding of sums. */
const roundingShare = 1e-9;

/**
 * What each stream gets: all grow alike until a card is full or they have what they want (max-min
 * fairness, which TCP streams of equal round-trip time come near). Bytes/s, in the order of the flows.
 */
export function fairShares(
  flows: readonly Flow[],
  capacityOf: (host: string) => number,
): readonly number[] {
  const cards = new Map<string, Card>();
  const card = (direction: 'out' | 'in', host: string): Card => {
    const key = `${direction} ${host}`;
    const known = cards.get(key) ?? { freeBytesPerSecond: capacityOf(host), growing: 0 };
    cards.set(key, known);
    return known;
  };
  const all: readonly Growing[] = flows.map((flow) => ({
    ...flow,
    cards: [card('out', flow.from), card('in', flow.to)],
    bytesPerSecond: 0,
  }));
  let growing = all.filter((flow) => !isContent(flow, capacityOf));
  while (growing.length > 0) {
    grow(growing);
    growing = growing.filter((flow) => !isContent(flow, capacityOf));
  }
  return all.map(({ bytesPerSecond }) => bytesPerSecond);
}

function grow(flows: readonly Growing[]): void {
  for (const { cards } of flows) for (const card of cards) card.growing = 0;
  for (const { cards } of flows) for (const card of cards) card.growing += 1;
  const step = Math.min(...flows.map(roomOf));
  for (const flow of flows) {
    flow.bytesPerSecond += step;
    for (const card of flow.cards) card.freeBytesPerSecond -= step;
  }
}

function roomOf({ cards, wantedBytesPerSecond, bytesPerSecond }: Growing): number {
  const rooms = cards.map(({ freeBytesPerSecond, growing }) => freeBytesPerSecond / growing);
  return Math.min(wantedBytesPerSecond - bytesPerSecond, ...rooms);
}

/** Whether it has what it wants, or all that it can have. */
function isContent(flow: Growing, capacityOf: (host: string) => number): boolean {
  const { cards, wantedBytesPerSecond, bytesPerSecond, from, to } = flow;
  const least = roundingShare * Math.max(1, capacityOf(from), capacityOf(to));
  if (wantedBytesPerSecond - bytesPerSecond <= least) return true;
  return cards.some(({ freeBytesPerSecond }) => freeBytesPerSecond <= least);
}
