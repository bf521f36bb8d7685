import type { Retention, Store } from '../../src/store/store.ts';
import { longestStallMs } from './measure.ts';
import { dayMs, yearEnds } from './year.ts';

export interface Pruned {
  readonly name: string;
  readonly seconds: number;
  /** The longest that nothing else could run meanwhile, ms. */
  readonly longestStallMs: number;
}

/** First with nothing to do, as nearly every time; then a day's telemetry; then a day's migrations. */
export async function prunings(store: Store, telemetryDays: number): Promise<readonly Pruned[]> {
  const whole: Retention = {
    migrationsMs: 400 * dayMs,
    telemetryMs: telemetryDays * dayMs,
    eventsMs: 400 * dayMs,
    auditMs: 400 * dayMs,
  };
  return [
    await pruned(store, 'nothing is old', whole),
    await pruned(store, "a day's telemetry", {
      ...whole,
      telemetryMs: (telemetryDays - 1) * dayMs,
    }),
    await pruned(store, "a day's migrations and audit", {
      ...whole,
      telemetryMs: (telemetryDays - 1) * dayMs,
      migrationsMs: 364 * dayMs,
      auditMs: 364 * dayMs,
    }),
  ];
}

async function pruned(store: Store, name: string, keep: Retention): Promise<Pruned> {
  let seconds = 0;
  const stallMs = await longestStallMs(async () => {
    const startMs = performance.now();
    await store.prune(keep, yearEnds);
    seconds = (performance.now() - startMs) / 1000;
  });
  return { name, seconds, longestStallMs: stallMs };
}
