import type { MigrateOptions, Way } from '../hypervisor/port.ts';
import type { StartPlan } from '../steering/plan-start.ts';
import type { RunIntent } from './intent.ts';

/** What the call that carries a migration is given. */
export function optionsOf(intent: RunIntent, plan: StartPlan, way: Way): MigrateOptions {
  const { bandwidthBytesPerSecond } = intent;
  return {
    way,
    postCopy: plan.postCopy,
    compression: plan.compression,
    autoConverge: plan.autoConverge,
    bandwidthBytesPerSecond: Number.isFinite(bandwidthBytesPerSecond)
      ? bandwidthBytesPerSecond
      : undefined,
    persistent: intent.domain.persistent,
  };
}
