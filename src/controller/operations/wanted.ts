import type { SeenVm } from '../../operations/sight.ts';
import type { Wanted } from '../../planner/wanted.ts';
import type { Importance } from '../../policy/vocabulary.ts';
import type { OperationRow } from '../../store/rows.ts';

/** What an operation asks of the planner now, for VMs that are still to move. */
export function wantedOf(
  { kind, host, aims, deadlineAt }: Pick<OperationRow, 'kind' | 'host' | 'aims' | 'deadlineAt'>,
  leaving: readonly SeenVm[],
  importance: Importance,
  now: number,
): Wanted {
  const targets = leaving.flatMap(({ uuid }) => {
    const target = aims.targets?.[uuid];
    return target === undefined ? [] : [[uuid, target] as const];
  });
  return {
    drain: kind === 'drain' && host !== undefined ? [host] : [],
    targets: Object.fromEntries(targets),
    importance,
    ...(aims.to === undefined ? {} : { onlyTo: aims.to }),
    ...(deadlineAt === undefined ? {} : { deadlineMs: Math.max(1, deadlineAt - now) }),
  };
}
