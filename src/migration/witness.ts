import type { DomainChange } from '../hypervisor/port.ts';
import type { Look } from './whereabouts.ts';

/**
 * Whether the destination can have run the guest. A guest that has run there, if only for a moment,
 * has written to its disks: it must never go on at its source from where it was stopped.
 */
export class Witness {
  #ran = false;
  /** Whether it was not watched for a while in which it may have run. */
  #blind: boolean;

  /** `fromTheStart`: nobody else steered it before. */
  constructor(fromTheStart: boolean) {
    this.#blind = !fromTheStart;
  }

  /** An event of the destination. */
  heard({ kind }: Pick<DomainChange, 'kind'>): void {
    if (kind === 'resumed' || kind === 'resumed-split') this.#ran = true;
    if (kind === 'connection-lost') this.#blind = true;
  }

  /** Its copy, which only ever waited, was ended. */
  endedUnrun(): void {
    this.#blind = false;
  }

  saw({ source, destination }: Look): void {
    if (destination.seen === 'nothing') {
      this.#blind = true;
      return;
    }
    if (destination.seen === 'domain' && destination.state.state === 'running') this.#ran = true;
    // It runs where it was: it has not run elsewhere up to now.
    const atSource = source.seen === 'domain' && source.state.state === 'running';
    if (atSource && !this.#ran) this.#blind = false;
  }

  /** Why the guest must not go on at its source now; `undefined` where nothing speaks against it. */
  objection({ destination }: Look): string | undefined {
    if (this.#ran) return 'it has run at its destination';
    if (destination.seen === 'nothing') return 'its destination does not answer and may run it';
    // A copy that still waits for memory has never run.
    if (destination.seen === 'domain')
      return waits(destination.state) ? undefined : 'its destination has had it';
    return this.#blind
      ? 'its destination was not watched all along, and may have run it'
      : undefined;
  }
}

function waits({ state, reason }: { readonly state: string; readonly reason: string }): boolean {
  return state === 'paused' && reason === 'migration';
}
