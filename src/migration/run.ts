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
  #intent: RunIntent;
  readonly #ports: RunPorts;
  readonly #clock: Clock;
  readonly #onEvent: (event: RunEvent) => void;
  readonly #letGo: Waker;
  #attempt: Attempt;

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
      for (;;) {
        const result = await this.#attempt.run();
        const without = this.#without(result);
        if (without === undefined) return result;
        this.#attempt = this.#again(without, result);
      }
    } finally {
      const { source, destination } = this.#ports;
      await Promise.all([source.close(), destination.close()]);
    }
  }

  /** What it begins again without; `undefined`: it has ended. Each time there is one thing less. */
  #without(result: Conclusion): Without | undefined {
    const without = this.#attempt.fromTheStart ? this.#reasonToBeginAgain(result) : undefined;
    if (without === undefined) return undefined;
    return this.#intent.capabilities[without.what]?.allowed === true ? without : undefined;
  }

  #reasonToBeginAgain({ outcome }: Conclusion): Without | undefined {
    const { beginsAgain, callError } = this.#attempt;
    if (outcome === 'stayed') return beginsAgain ? uncompressed : undefined;
    if (outcome !== 'failed-safe') return undefined;
    return refusals.find(({ code }) => hasCode(callError, code));
  }

  #again({ what, message, because }: Without, { totalMs }: Conclusion): Attempt {
    this.#onEvent({ kind: 'notice', message, atMs: totalMs });
    const closed = { allowed: false, because } as const;
    const intent = {
      ...this.#intent,
      capabilities: { ...this.#intent.capabilities, [what]: closed },
    };
    this.#intent = intent;
    const opening = { kind: 'start', former: this.#attempt.former } as const;
    return new Attempt(intent, this.#ports, this.#clock, this.#onEvent, this.#letGo, opening);
  }
}

/** Something that a migration can do without, and why it has to. */
interface Without {
  readonly what: 'postCopy' | 'compression';
  readonly message: string;
  readonly because: string;
}

const uncompressed: Without = {
  what: 'compression',
  message:
    'It was cancelled to begin again uncompressed: the guest runs on at its source meanwhile.',
  because: 'compressed, it did not fit',
};

/** What can depend on a kernel's setting, or on how a QEMU was built, no client can read beforehand. */
const refusals: readonly (Without & { readonly code: ErrorCode })[] = [
  { code: 'hypervisor.no-post-copy', ...refused('postCopy', 'post-copy') },
  { code: 'hypervisor.no-compression', ...refused('compression', 'compression') },
];

function refused(what: Without['what'], name: string): Without {
  return {
    what,
    message: `The hosts refused ${name} when it was asked for: it starts again without.`,
    because: 'the hosts refused it at the start',
  };
}

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
