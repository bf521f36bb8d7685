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
const firstDowntimeMs = 50;
/** Leaves room in a small blackout for what a switch-over costs beside memory. */
const firstShare = 1 / 3;

/** QEMU's own steps, percent, where the budget has room for some of them. */
const usualThrottle = { initialPercent: 20, incrementPercent: 10 } as const;
/** Where it has not, all that is allowed at once, and then as little more as can be asked for. */
const smallestIncrementPercent = 1;

/**
 * Every migration starts able to switch to post-copy where hosts and admin allow it: being able
 * costs nothing. Where it is closed, the throttle is the only help for a guest that outruns the
 * link, and it can only be switched on now.
 */
export function planStart(budget: Budget, capabilities: MigrationCapabilities): StartPlan {
  const postCopy = capabilities.postCopy.allowed;
  const open = postCopyOpen(budget, capabilities);
  const throttle = throttleFor(budget, capabilities, open.allowed);
  const maxDowntimeMs = Math.max(
    1,
    Math.round(Math.min(firstDowntimeMs, budget.blackoutMs * firstShare)),
  );
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
  postCopy: boolean,
): StartPlan['autoConverge'] {
  const allowedPercent = Math.floor(budget.slowdownShare * 100);
  if (postCopy || allowedPercent === 0 || !capabilities.autoConverge.allowed) return undefined;
  const { initialPercent, incrementPercent } = usualThrottle;
  if (allowedPercent >= initialPercent + incrementPercent) return usualThrottle;
  return { initialPercent: allowedPercent, incrementPercent: smallestIncrementPercent };
}

/** The consequence, and behind it who or what forbids; nothing where all is allowed. */
function because(permission: Permission, consequence: string): string {
  return permission.allowed ? '' : `${consequence} (${permission.because})`;
}
