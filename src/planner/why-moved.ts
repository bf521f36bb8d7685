import type { Task } from './wanted.ts';

/** Why a move is in a plan, for a person. */
export function whyMoved(
  { fleet, jobOf, wanted }: Task,
  vm: number,
  move: { readonly running: boolean; readonly isLast: boolean },
): string {
  const one = fleet.vms[vm];
  if (move.running || one === undefined) return 'it moves already';
  if (!move.isLast) return 'makes room for a while';
  const job = jobOf.get(vm);
  if (job === undefined) return 'makes room';
  if (wanted.targets?.[one.name] !== undefined) return 'is wanted there';
  if (wanted.drain.includes(one.host)) return `leaves ${one.host}`;
  return 'stays with its group';
}
