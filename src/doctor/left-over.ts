import type { ProbeMark } from '../hypervisor/probe.ts';

/** The process that looks at the marks. */
export interface Looker {
  readonly machine: string;
  readonly nowMs: number;
  /** Whether this machine has such a process. */
  readonly lives: (pid: number) => boolean;
}

/**
 * No probe guest is kept for longer: whoever walks on begins a new one at half of it. What is older has
 * nobody any more, however far the clock of the machine that began it is off, within reason.
 */
export const longestLifeMs = 600_000;

/** Whether nobody looks after a probe guest any more. One of another run that is at work is left to it. */
export function isLeftOver(mark: ProbeMark, { machine, nowMs, lives }: Looker): boolean {
  const ageMs = nowMs - mark.sinceMs;
  // An unreadable time is as good as a wrong one.
  if (!(Math.abs(ageMs) < longestLifeMs)) return true;
  return mark.machine === machine && !lives(mark.pid);
}
