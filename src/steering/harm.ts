import type { Forecast } from '../forecast/forecast.ts';
import type { Importance, SlaClass } from '../policy/vocabulary.ts';

/**
 * What a guest's suffering weighs, by class, in ms of blackout of a pet: a second at half speed
 * counts as half a second of pause for all; a loss counts as hours for cattle and weeks for a panda.
 */
export const weights: Readonly<
  Record<SlaClass, { readonly pause: number; readonly loss: number }>
> = {
  cattle: { pause: 0.3, loss: 10_000 },
  pet: { pause: 1, loss: 400_000 },
  panda: { pause: 3, loss: 4_000_000 },
};

/** What a second of waiting for the end weighs, by importance, in ms of blackout of a pet. */
export const impatience: Readonly<Record<Importance, number>> = { low: 5, medium: 20, high: 100 };

/** One figure to compare options by; lower is gentler. An option that never completes is not compared. */
export function harmOf(forecast: Forecast, slaClass: SlaClass, importance: Importance): number {
  const { pause, loss } = weights[slaClass];
  const blackoutMs = (forecast.blackoutMs.p50 + forecast.blackoutMs.p90) / 2;
  return (
    pause * (blackoutMs + forecast.slowdownShare * forecast.slowdownMs) +
    loss * forecast.lossRisk +
    (impatience[importance] * forecast.timeMs.p50) / 1000
  );
}
