import { randomFrom } from '../steering/shuffle.ts';

const draws = 1_000;
const [lowest, highest] = [draws * 0.05, draws * 0.95 - 1];

/** The middle 90 % of a figure over samples that are drawn again and again; the same for the same input. */
export function intervalOver(figure: (random: () => number) => number): readonly [number, number] {
  const random = randomFrom(1);
  const figures = Array.from({ length: draws }, () => figure(random)).toSorted((a, b) => a - b);
  return [figures[lowest] ?? Number.NaN, figures[highest] ?? Number.NaN];
}

/** As many of them as there are, with replacement. */
export function drawnFrom<T>(all: readonly T[], random: () => number): readonly T[] {
  return all.map((one) => all[Math.floor(random() * all.length)] ?? one);
}

/** The share of the samples in which something holds. */
export function shareOver(holds: (random: () => number) => boolean): number {
  const random = randomFrom(1);
  return Array.from({ length: draws }, () => holds(random)).filter(Boolean).length / draws;
}
