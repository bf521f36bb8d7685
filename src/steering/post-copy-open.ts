import type { Budget } from '../policy/budget.ts';
import type { MigrationCapabilities, Permission } from './decision.ts';

/** Whether the budget and the hosts let this migration switch to post-copy at all. */
export function postCopyOpen(budget: Budget, capabilities: MigrationCapabilities): Permission {
  if (budget.pointOfNoReturn === 'never')
    return { allowed: false, because: 'the budget forbids running split over two hosts' };
  if (!capabilities.postCopy.allowed) return capabilities.postCopy;
  if (budget.pointOfNoReturn === 'if-recoverable' && !capabilities.postCopyRecoverable)
    return { allowed: false, because: 'a broken post-copy could not be resumed on these hosts' };
  return { allowed: true };
}
