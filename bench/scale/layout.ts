/** How the fleet is laid out, as both processes know it. */

/** Each pair of hosts is a world of its own, with so many guests that move over its link. */
export const perPair = 100;

export function pairsFor(count: number): number {
  return Math.ceil(count / perPair);
}

export function sourceName(pair: number): string {
  return `s${pair}`;
}

export function destinationName(pair: number): string {
  return `d${pair}`;
}

/** The move number `index`, from 0 on. */
export function moveOf(index: number): {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
} {
  const pair = Math.floor(index / perPair);
  return { vm: `vm${index}`, from: sourceName(pair), to: destinationName(pair) };
}
