import type { Clock } from '../hypervisor/clock.ts';
import { Attempt } from './attempt.ts';
import type { RunEvent } from './events.ts';
import type { RunIntent, RunPorts } from './intent.ts';
import { hasCode } from './look.ts';
import type { MigrationResult } from './result.ts';

/**
 * Carries one migration from its start to its end, steering it on the way. Resolves with what
 * both hosts show in the end; rejects only where it could not be started and the guest was not
 * touched. The signal's reason (a StopReason) says whether to cancel the job or to let it run on.
 */
export async function runMigration(
  intent: RunIntent,
  ports: RunPorts,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<MigrationResult> {
  const first = new Attempt(intent, ports, clock, onEvent, signal);
  const result = await first.run();
  const refused = hasCode(first.callError, 'hypervisor.no-post-copy');
  if (result.outcome !== 'failed-safe' || !refused) return result;
  // Whether post-copy works can depend on a kernel setting that no client can read beforehand.
  const message = 'The hosts refused post-copy when it was asked for: it starts again without.';
  onEvent({ kind: 'notice', message, atMs: result.totalMs });
  const because = 'the hosts refused it at the start';
  const capabilities = { ...intent.capabilities, postCopy: { allowed: false, because } } as const;
  const second = new Attempt({ ...intent, capabilities }, ports, clock, onEvent, signal);
  const retried = await second.run();
  return { ...retried, why: [message, ...retried.why] };
}
