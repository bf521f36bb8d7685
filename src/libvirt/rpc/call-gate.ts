import { TooManyCallsError } from '../errors.ts';

/**
 * The daemon reads at most five unanswered calls of a client (`max_client_requests`) and then stops
 * reading, keepalive included. One below that keeps its ear open.
 */
const mostInFlight = 4;
/** Calls that may wait for a domain's lock never take the places of those that may not. */
const mostWaitingInFlight = 2;

export type Lane = 'quick' | 'waiting';

/** A place in the queue; `cancel` gives it up and tells whether it had not been called yet. */
export interface Turn {
  cancel(): boolean;
}

interface Entry {
  readonly order: number;
  readonly start: () => void;
}

/** Who may send now: first come, first served within what the daemon takes. */
export class CallGate {
  readonly #queues: Record<Lane, Entry[]> = { quick: [], waiting: [] };
  readonly #inFlight: Record<Lane, number> = { quick: 0, waiting: 0 };
  readonly #mostQueued: number;
  #order = 0;

  constructor(mostQueued: number) {
    this.#mostQueued = mostQueued;
  }

  /** Calls `start` at once or when it is this call's turn. Throws TooManyCallsError. */
  enter(lane: Lane, start: () => void): Turn {
    if (this.#queues.quick.length + this.#queues.waiting.length >= this.#mostQueued) {
      throw new TooManyCallsError(`${this.#mostQueued} calls wait for this connection already`);
    }
    const entry = { order: this.#order, start };
    this.#order += 1;
    this.#queues[lane].push(entry);
    this.#admit();
    return { cancel: () => this.#remove(lane, entry) };
  }

  /** A call that had its turn is answered. */
  leave(lane: Lane): void {
    this.#inFlight[lane] -= 1;
    this.#admit();
  }

  #admit(): void {
    for (let lane = this.#next(); lane !== undefined; lane = this.#next()) {
      this.#inFlight[lane] += 1;
      this.#queues[lane].shift()?.start();
    }
  }

  #next(): Lane | undefined {
    const { quick, waiting } = this.#inFlight;
    if (quick + waiting >= mostInFlight) return undefined;
    const first = this.#queues.quick[0];
    const firstWaiting = waiting < mostWaitingInFlight ? this.#queues.waiting[0] : undefined;
    if (first === undefined) return firstWaiting && 'waiting';
    return firstWaiting && firstWaiting.order < first.order ? 'waiting' : 'quick';
  }

  #remove(lane: Lane, entry: Entry): boolean {
    const index = this.#queues[lane].indexOf(entry);
    if (index >= 0) this.#queues[lane].splice(index, 1);
    return index >= 0;
  }
}
