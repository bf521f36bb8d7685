import type { ErrorCode } from '../errors/catalogue.ts';
import type { Clock, Waker } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import { Attempt } from './attempt.ts';
import type { FormerLimits } from './beginning.ts';
import type { RunEvent } from './events.ts';
import { Gathering } from './gather.ts';
import type { RunIntent, RunPorts, UnderWay } from './intent.ts';
import { hasCode } from './look.ts';
import type { Opening } from './opening.ts';
import type { Conclusion, MigrationResult } from './result.ts';

/**
 * One migration, ready to be carried out. What it took to get ready is not kept: thousands run at a
 * time, and each waits in as few places as possible.
 */
export class Run {
  readonly #intent: RunIntent;
  readonly #ports: RunPorts;
  readonly #clock: Clock;
  readonly #onEvent: (event: RunEvent) => void;
  readonly #letGo: Waker;
  readonly #attempt: Attempt;

  constructor(
    intent: RunIntent,
    ports: RunPorts,
    clock: Clock,
    onEvent: (event: RunEvent) => void,
    letGo: Waker,
    opening: Opening,
  ) {
    this.#intent = intent;
    this.#ports = ports;
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.#letGo = letGo;
    this.#attempt = new Attempt(intent, ports, clock, onEvent, letGo, opening);
  }

  /**
   * Steers it to its end, and lets go of both hosts. Resolves with what both hosts show in the end;
   * rejects only where it could not be started and the guest was not touched. When `letGo` aborts,
   * the migration is left to the hosts. Called once.
   */
  async toTheEnd(): Promise<Conclusion> {
    try {
      const result = await this.#attempt.run();
      const refusal = this.#refusal(result);
      return refusal === undefined ? result : await this.#without(refusal, result);
    } finally {
      const { source, destination } = this.#ports;
      await Promise.all([source.close(), destination.close()]);
    }
  }

  /** What can depend on a kernel's setting, or on how a QEMU was built, no client can read beforehand. */
  #refusal({ outcome }: Conclusion): Refusal | undefined {
    const { fromTheStart, callError } = this.#attempt;
    if (!fromTheStart || outcome !== 'failed-safe') return undefined;
    return refusals.find(({ code }) => hasCode(callError, code));
  }

  #without({ what, name }: Refusal, { totalMs }: Conclusion): Promise<Conclusion> {
    const message = `The hosts refused ${name} when it was asked for: it starts again without.`;
    this.#onEvent({ kind: 'notice', message, atMs: totalMs });
    const refused = { allowed: false, because: 'the hosts refused it at the start' } as const;
    const intent = {
      ...this.#intent,
      capabilities: { ...this.#intent.capabilities, [what]: refused },
    };
    const opening = { kind: 'start', former: this.#attempt.former } as const;
    return new Attempt(intent, this.#ports, this.#clock, this.#onEvent, this.#letGo, opening).run();
  }
}

/** Something that a migration can do without. */
interface Refusal {
  readonly code: ErrorCode;
  readonly what: 'postCopy' | 'compression';
  readonly name: string;
}

const refusals: readonly Refusal[] = [
  { code: 'hypervisor.no-post-copy', what: 'postCopy', name: 'post-copy' },
  { code: 'hypervisor.no-compression', what: 'compression', name: 'compression' },
];

/** A migration from its start on. */
export async function readyToStart(
  intent: RunIntent,
  ports: RunPorts,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
  letGo: Waker,
): Promise<Run> {
  const former = await limitsOf(ports.source, intent.domain.uuid);
  return new Run(intent, ports, clock, onEvent, letGo, { kind: 'start', former });
}

/** A migration that runs already, from where it is. */
export async function readyToGoOn(
  intent: RunIntent,
  underWay: UnderWay,
  ports: RunPorts,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
  letGo: Waker,
): Promise<Run> {
  const inForce = await limitsInForce(ports.source, intent, underWay);
  return new Run(intent, ports, clock, onEvent, letGo, { kind: 'take-up', underWay, inForce });
}

/** A migration from its start to its end, with the whole story. */
export async function runMigration(
  intent: RunIntent,
  ports: RunPorts,
  clock: Clock,
  onEvent: (event: RunEvent) => void,
  letGo: Waker,
): Promise<MigrationResult> {
  const gathering = new Gathering();
  const run = await readyToStart(intent, ports, clock, gathering.beside(onEvent), letGo);
  return { ...(await run.toTheEnd()), ...gathering.story() };
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
