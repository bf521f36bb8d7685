import { TooManyCallsError } from '../errors.ts';

/**
 * The daemon reads at most five unanswered calls of a client (`max_client_requests`) and then stops
 * reading, keepalive included. One below that keeps its ear open.
 */
const mostInFlight = 4;
/** Calls that may wait for a domain's lock never take the places of those that may not. */
const mostWaitingInFlight = 2;

export type Lane = 'quick' | 'waiting';

/** What wants a turn. */
interface Entry {
  readonly lane: Lane;
}

interface Queued<E> {
  readonly order: number;
  readonly entry: E;
}

/** Who may send now: first come, first served within what the daemon takes. */
export class CallGate<E extends Entry> {
  readonly #queues: Record<Lane, Queued<E>[]> = { quick: [], waiting: [] };
  readonly #inFlight: Record<Lane, number> = { quick: 0, waiting: 0 };
  readonly #mostQueued: number;
  readonly #start: (entry: E) => void;
  #order = 0;

  /** `start` is called with each entry when its turn has come. */
  constructor(mostQueued: number, start: (entry: E) => void) {
    this.#mostQueued = mostQueued;
    this.#start = start;
  }

  /** Starts the entry at once, or when it is its turn. Throws TooManyCallsError. */
  enter(entry: E): void {
    // Whoever waits does so for want of room in its lane: where there is room nobody is overtaken.
    if (this.#hasRoom(entry.lane)) return this.#admit(entry);
    if (this.#queues.quick.length + this.#queues.waiting.length >= this.#mostQueued) {
      throw new TooManyCallsError(`${this.#mostQueued} calls wait for this connection already`);
    }
    this.#queues[entry.lane].push({ order: this.#order, entry });
    this.#order += 1;
  }

  /** An entry that had its turn is done. */
  leave(lane: Lane): void {
    this.#inFlight[lane] -= 1;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#admit(next);
  }

  /** Forgets an entry that has not had its turn. */
  cancel(entry: E): void {
    const queue = this.#queues[entry.lane];
    const index = queue.findIndex((queued) => queued.entry === entry);
    if (index >= 0) queue.splice(index, 1);
  }

  /** Those that have not had their turn. */
  get queued(): readonly E[] {
    return [...this.#queues.quick, ...this.#queues.waiting].map(({ entry }) => entry);
  }

  #admit(entry: E): void {
    this.#inFlight[entry.lane] += 1;
    this.#start(entry);
  }

  #hasRoom(lane: Lane): boolean {
    const { quick, waiting } = this.#inFlight;
    return quick + waiting < mostInFlight && (lane === 'quick' || waiting < mostWaitingInFlight);
  }

  /** Takes whoever came first of those for whom there is room out of the queue. */
  #next(): E | undefined {
    const quick = this.#hasRoom('quick') ? this.#queues.quick[0] : undefined;
    const waiting = this.#hasRoom('waiting') ? this.#queues.waiting[0] : undefined;
    if (quick !== undefined && (waiting === undefined || quick.order < waiting.order)) {
      return this.#queues.quick.shift()?.entry;
    }
    return waiting && this.#queues.waiting.shift()?.entry;
  }
}
