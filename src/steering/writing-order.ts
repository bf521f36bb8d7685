import type { Situation } from './situation.ts';

/**
 * Whose memory is read to see in which order it is written, and who is steered by that: those to whom time weighs more
 * than what a split guest risks. In the simulator pets of low and medium importance, and pandas, cost 1 to 5 % more with it
 * (bench/peers-simulated).
 */
export function usesWritingOrder({
  slaClass,
  importance,
}: Pick<Situation, 'slaClass' | 'importance'>): boolean {
  return slaClass === 'cattle' || (slaClass === 'pet' && importance === 'high');
}
