import type { Budget } from '../policy/budget.ts';
import { formatDuration } from '../units/format.ts';
import type { MigrationCapabilities, Permission } from './decision.ts';

/** How a migration begins. Its flags hold for as long as it runs. */
export interface StartPlan {
  readonly postCopy: boolean;
  readonly autoConverge:
    | { readonly initialPercent: number; readonly incrementPercent: number }
    | undefined;
  readonly maxDowntimeMs: number;
  /** For a person: why it begins this way. */
  readonly why: string;
}

/**
 * QEMU switches over as soon as the rest fits the limit, so a guest that converges is paused for as
 * long as it allows, needed or not. It begins small: what more is needed is seen after one pass.
 */
const usualFirstMs = 50;
/** Leaves room in a small blackout for what a switch-over costs beside memory. */
const firstShare = 1 / 3;

/** The downtime limit that a migration begins with, ms. */
export function firstDowntimeMs({ blackoutMs }: Budget): number {
  return Math.max(1, Math.round(Math.min(usualFirstMs, blackoutMs * firstShare)));
}

/**
 * QEMU's own steps, percent. Only its end stops a throttle from rising, so that a budget with no
 * room for two steps would be broken before anything came of it: there it is not used.
 */
const usualThrottle = { initialPercent: 20, incrementPercent: 10 } as const;
const leastPercent = usualThrottle.initialPercent + usualThrottle.incrementPercent;

/**
 * Every migration starts able to switch to post-copy where hosts and admin allow it: being able
 * costs nothing. Where it is closed, the throttle is the only help for a guest that outruns the
 * link, and it can only be switched on now. `converges` says whether it is expected to be needed:
 * `undefined` where that is not known.
 */
export function planStart(
  budget: Budget,
  capabilities: MigrationCapabilities,
  converges: boolean | undefined,
): StartPlan {
  const postCopy = capabilities.postCopy.allowed;
  const open = postCopyOpen(budget, capabilities);
  const needless = open.allowed || converges === true;
  const throttle = needless ? undefined : throttleFor(budget, capabilities);
  const maxDowntimeMs = firstDowntimeMs(budget);
  const ability = postCopy
    ? 'able to switch to post-copy'
    : because(capabilities.postCopy, 'without post-copy');
  const slowing =
    throttle === undefined
      ? because(capabilities.autoConverge, ', without a throttle')
      : `, with a throttle of at most ${Math.round(budget.slowdownShare * 100)} %`;
  return {
    postCopy,
    autoConverge: throttle,
    maxDowntimeMs,
    why: `It starts ${ability}${slowing}, and may pause the guest ${formatDuration(maxDowntimeMs)} to begin with.`,
  };
}

/** Whether the budget and the hosts let this migration switch to post-copy at all. */
export function postCopyOpen(budget: Budget, capabilities: MigrationCapabilities): Permission {
  if (!capabilities.postCopy.allowed) return capabilities.postCopy;
  if (budget.pointOfNoReturn === 'never')
    return { allowed: false, because: 'the budget forbids running split over two hosts' };
  if (budget.pointOfNoReturn === 'if-recoverable' && !capabilities.postCopyRecoverable)
    return { allowed: false, because: 'a broken post-copy could not be resumed on these hosts' };
  return { allowed: true };
}

function throttleFor(
  budget: Budget,
  capabilities: MigrationCapabilities,
): StartPlan['autoConverge'] {
  const allowedPercent = Math.floor(budget.slowdownShare * 100);
  if (allowedPercent < leastPercent || !capabilities.autoConverge.allowed) return undefined;
  return usualThrottle;
}

function because(permission: Permission, consequence: string): string {
  return permission.allowed ? '' : `${consequence} (${permission.because})`;
}
