import type { NovaOptions } from './code.ts';

/** It reckons with at least so much memory. */
const leastGib = 2;
/** Of the time that a run has, the share after which Nova with a budget has it end. */
const budgetShare = 0.5;

export interface NovaArm {
  readonly name: string;
  readonly options: NovaOptions;
}

/**
 * Nova as it comes; as an operator who wants his guests to arrive sets it; and the same with the time
 * that a run here has, of which it takes half for plain copying. `factor`: its clock is so many times faster.
 */
export function novaArms(memoryGib: number, factor: number, limitMs: number): readonly NovaArm[] {
  const budgetSeconds = (budgetShare * limitMs * factor) / 1000 / Math.max(leastGib, memoryGib);
  return [
    { name: 'nova-defaults', options: {} },
    { name: 'nova-tuned', options: forced(15) },
    { name: 'nova-budget', options: forced(budgetSeconds) },
  ];
}

function forced(secondsPerGib: number): NovaOptions {
  return {
    live_migration_permit_post_copy: 'true',
    live_migration_timeout_action: 'force_complete',
    live_migration_completion_timeout: Math.max(1, Math.round(secondsPerGib)),
  };
}
