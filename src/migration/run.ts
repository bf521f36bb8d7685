import type { Clock } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import { Attempt } from './attempt.ts';
import type { FormerLimits } from './beginning.ts';
import type { RunEvent } from './events.ts';
import { Gathering } from './gather.ts';
import type { RunIntent, RunPorts, UnderWay } from './intent.ts';
import { hasCode } from './look.ts';
import type { Conclusion, MigrationResult } from './result.ts';

/**
 * Carries one migration from its start to its end, steering it on the way. Resolves with what
 * both hosts show in the end; rejects only where it could not be started and the guest was not
 * touched. When `letGo` aborts, the migration is left to the hosts.
 */
export async function carryOut(
  intent: RunIntent,
  ports: RunPorts,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
  letGo: AbortSignal,
): Promise<Conclusion> {
  const { source } = ports;
  const former = await limitsOf(source, intent.domain.uuid);
  const opening = { kind: 'start', former } as const;
  const first = new Attempt(intent, ports, clock, onEvent, letGo, opening);
  const result = await first.run();
  const refused = hasCode(first.callError, 'hypervisor.no-post-copy');
  if (result.outcome !== 'failed-safe' || !refused) return result;
  // Whether post-copy works can depend on a kernel setting that no client can read beforehand.
  const message = 'The hosts refused post-copy when it was asked for: it starts again without.';
  onEvent({ kind: 'notice', message, atMs: result.totalMs });
  const because = 'the hosts refused it at the start';
  const capabilities = { ...intent.capabilities, postCopy: { allowed: false, because } } as const;
  return new Attempt({ ...intent, capabilities }, ports, clock, onEvent, letGo, opening).run();
}

/** Takes up a migration that runs already and steers it to its end, as `carryOut` does. */
export async function carryOn(
  intent: RunIntent,
  underWay: UnderWay,
  ports: RunPorts,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
  letGo: AbortSignal,
): Promise<Conclusion> {
  const inForce = await limitsInForce(ports.source, intent, underWay);
  const opening = { kind: 'take-up', underWay, inForce } as const;
  return new Attempt(intent, ports, clock, onEvent, letGo, opening).run();
}

/** `carryOut`, with the whole story. */
export async function runMigration(
  intent: RunIntent,
  ports: RunPorts,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
  letGo: AbortSignal,
): Promise<MigrationResult> {
  const gathering = new Gathering();
  const conclusion = await carryOut(intent, ports, clock, gathering.beside(onEvent), letGo);
  return { ...conclusion, ...gathering.story() };
}

async function limitsOf(source: Host, uuid: string): Promise<FormerLimits> {
  const [downtimeMs, speedBytesPerSecond] = await Promise.all([
    source.maxDowntimeMs(uuid),
    source.maxSpeed(uuid),
  ]);
  return { downtimeMs, speedBytesPerSecond };
}

/** A source that cannot be asked now has the limits that the migration began with, as far as known. */
async function limitsInForce(
  source: Host,
  { domain, bandwidthBytesPerSecond }: RunIntent,
  { plan }: UnderWay,
): Promise<FormerLimits> {
  try {
    return await limitsOf(source, domain.uuid);
  } catch {
    return { downtimeMs: plan.maxDowntimeMs, speedBytesPerSecond: bandwidthBytesPerSecond };
  }
}
