import type { Forecast } from '../forecast/forecast.ts';
import {
  forecastPreCopy,
  later,
  type PreCopyTerms,
  switchOverMs,
  withSlowCourse,
} from '../forecast/options.ts';
import type { Outlook } from '../forecast/outlook.ts';
import { harm } from './candidates.ts';
import { pacingCostMs } from './pacing.ts';
import { limitDoubted, limitWithinMs } from './patience.ts';
import type { Situation } from './situation.ts';

/** Pre-copy to its end with a downtime limit. */
export interface Path {
  readonly limitMs: number;
  readonly forecast: Forecast;
}

/**
 * The least harmful limit with which pre-copy ends within `horizonMs`; `undefined`: with none. A
 * small limit costs time, a large one a pause: while little is written, what is left falls as fast
 * as the link carries, and a second of waiting saves nearly a second of pause.
 */
export function bestPath(situation: Situation, view: Outlook, horizonMs: number): Path | undefined {
  const besidesMs = switchOverMs(view, true);
  let best: { readonly terms: PreCopyTerms; readonly forecast: Forecast } | undefined;
  let least = Infinity;
  for (const limitMs of limitsOf(situation, view)) {
    const terms = { limitMs, besidesMs, horizonMs };
    const forecast = forecastPreCopy(view, terms);
    if (!forecast.completes) continue;
    const its = harm(situation, { forecast: heldBack(situation, view, forecast) });
    if (best === undefined || its < least) [best, least] = [{ terms, forecast }, its];
  }
  if (best === undefined) return undefined;
  const forecast = withSlowCourse(best.forecast, view, best.terms);
  return { limitMs: best.terms.limitMs, forecast: heldBack(situation, view, forecast) };
}

/** Later by what holding the stream back will cost. */
function heldBack(situation: Situation, view: Outlook, forecast: Forecast): Forecast {
  if (situation.state.paced) return forecast;
  return later(forecast, pacingCostMs(view, forecast.timeMs.p50), 0);
}

/** Finer steps find paths that are hardly less harmful, and each has to be followed. */
const limitStep = 1.5;

/**
 * The limit in force, unless it has been in vain for long, and larger ones, each half as large again as the one
 * before, up to the whole pause.
 */
function limitsOf(situation: Situation, view: Outlook): readonly number[] {
  const whole = limitWithinMs(situation, view);
  const inForce = situation.state.maxDowntimeMs;
  const limits: number[] = [];
  for (
    let ms = limitDoubted(situation, view) ? inForce * limitStep : inForce;
    ms < whole;
    ms *= limitStep
  )
    limits.push(ms);
  return [...limits, Math.max(whole, inForce)];
}
