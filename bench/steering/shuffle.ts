/** Numbers from 0 up to, not including, 1: the same seed gives the same ones. */
export type Random = () => number;

/** A linear congruential generator with the constants of Knuth's MMIX. */
export function randomFrom(seed: number): Random {
  let state = BigInt(Math.trunc(seed));
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 11n) / 2 ** 53;
  };
}

export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
