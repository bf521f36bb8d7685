import type { Prior } from '../forecast/prior.ts';
import type { Clock } from '../hypervisor/clock.ts';
import type { Host } from '../hypervisor/port.ts';
import type { Matrix } from '../policy/matrix.ts';
import { type Briefing, type Intent, type Steersman, steersmanFor } from '../steering/steersman.ts';
import type { Beginning } from './beginning.ts';
import { Door } from './door.ts';
import type { RunIntent, RunPorts, Wanted } from './intent.ts';
import type { Keeping } from './keeping.ts';
import { intentNow, type Orders, throughDoor, wantedNow } from './orders.ts';

/** What is known of a migration before its start is planned. */
export type Foreknown = Omit<Beginning, 'plan' | 'former'>;

/** `bandwidthBytesPerSecond`: what it may take of the link at its start. */
export function runIntentOf(foreknown: Foreknown, bandwidthBytesPerSecond: number): RunIntent {
  const { head, ways, persistent, postCopyRecovery } = foreknown;
  const { name, uuid } = head.vm;
  const { capabilities } = head;
  const domain = { name, uuid, persistent };
  return { domain, ways, capabilities, postCopyRecovery, bandwidthBytesPerSecond };
}

/**
 * What one migration is carried out with, and what is asked of it by now. One object for its run and
 * its steersman: thousands run at a time, and what each keeps for itself counts.
 */
export class Mandate implements RunPorts, Briefing {
  readonly source: Host;
  readonly destination: Host;
  readonly matrix: Matrix;
  /** Its flags may not be what was taken for granted of one that somebody else began. */
  readonly door = new Door();
  readonly #foreknown: Foreknown;
  readonly #orders: (() => Orders) | undefined;
  readonly #keeping: Keeping;
  readonly #clock: Clock;

  constructor(all: {
    readonly source: Host;
    readonly destination: Host;
    readonly matrix: Matrix;
    readonly foreknown: Foreknown;
    /** Nothing ever changes where it is not given. */
    readonly orders: (() => Orders) | undefined;
    readonly keeping: Keeping;
    readonly clock: Clock;
  }) {
    this.source = all.source;
    this.destination = all.destination;
    this.matrix = all.matrix;
    this.#foreknown = all.foreknown;
    this.#orders = all.orders;
    this.#keeping = all.keeping;
    this.#clock = all.clock;
  }

  get prior(): Prior {
    return this.#foreknown.head.prior;
  }

  get memoryBytes(): number {
    return this.#foreknown.head.vm.memoryBytes;
  }

  intent(): Intent {
    const { head } = this.#foreknown;
    const now = intentNow(head, this.#ordersNow(), [head.from.name, head.to.name]);
    return throughDoor(now, this.door, this.#clock.nowMs());
  }

  wanted(): Wanted {
    return wantedNow(this.#ordersNow(), this.#foreknown.head.capBytesPerSecond);
  }

  newSteersman(): Steersman {
    return steersmanFor(this);
  }

  begin(begun: Pick<Beginning, 'plan' | 'former'>): Promise<void> {
    return this.#keeping.begin({ ...this.#foreknown, ...begun });
  }

  passReturn(): Promise<void> {
    return this.#keeping.passReturn();
  }

  #ordersNow(): Orders {
    return this.#orders?.() ?? nothingOrdered;
  }
}

const nothingOrdered: Orders = {};
