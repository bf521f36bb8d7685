import { type Contender, remembering } from '../peers/contender.ts';
import type { NovaArm } from '../peers/nova/arms.ts';
import type { Act } from '../steering/drive.ts';

/** Its defaults: ten steps up to 500 ms, of 75 s for each GiB; it looks twice a second. */
const mostMs = 500;
const steps = 10;
const stepMsPerGib = 75_000;
const pollMs = 500;

/**
 * What Nova's code does by its documented options, for the simulator alone: the downtime rises by a step after each delay, and
 * post-copy begins when the time for its memory is over. `timers` times faster.
 */
export function novaLike({ name, options }: NovaArm, memoryGib: number, timers: number): Contender {
  const secondsPerGib = Number(options['live_migration_completion_timeout'] ?? Infinity);
  const postCopy = options['live_migration_permit_post_copy'] === 'true';
  const lateMs = secondsPerGib * 1000 * memoryGib;
  const stepMs = stepMsPerGib * memoryGib;
  return {
    name,
    system: 'Nova',
    maxDowntimeMs: mostMs / steps,
    postCopy,
    autoConverge: undefined,
    atOnce: 1,
    pollMs: pollMs / timers,
    begin: () =>
      remembering(1, (step, { atMs, phase }) => {
        if (phase !== 'pre-copy') return { state: step, acts: [] };
        const elapsedMs = atMs * timers;
        const rises = step < steps && elapsedMs > stepMs * step;
        const next = rises ? step + 1 : step;
        const acts: readonly Act[] = [
          ...(rises ? [{ kind: 'set-downtime', ms: (mostMs / steps) * next } as const] : []),
          ...(postCopy && elapsedMs > lateMs ? [{ kind: 'post-copy' } as const] : []),
        ];
        return { state: next, acts };
      }),
  };
}
