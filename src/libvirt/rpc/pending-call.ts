import { CallAbortedError, CallTimeoutError, type LibvirtClientError } from '../errors.ts';
import type { ProcedureName } from '../protocol/procedures.ts';
import type { Lane, Turn } from './call-gate.ts';

export interface CallOptions {
  /** Time for this call in ms, waiting for its turn included; 0 sets no limit. */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting for the answer. What the daemon has begun goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface CallDetails {
  readonly name: ProcedureName;
  readonly lane: Lane;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LibvirtClientError) => void;
}

/**
 * A call on its way. Whoever gave up on it leaves it abandoned: its answer may still come, and
 * until then it holds its place at the daemon.
 */
export class PendingCall {
  readonly name: ProcedureName;
  readonly lane: Lane;
  turn: Turn | undefined;
  readonly #details: CallDetails;
  #settled = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => {
    this.#giveUp(new CallAbortedError(`${this.name} was cancelled`, this.#abortCause()));
  };

  constructor(details: CallDetails) {
    this.name = details.name;
    this.lane = details.lane;
    this.#details = details;
    if (details.timeoutMs > 0) {
      this.#timer = setTimeout(() => this.#expire(), details.timeoutMs);
    }
    details.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#details.resolve(value);
  }

  reject(error: LibvirtClientError): void {
    if (this.#settle()) this.#details.reject(error);
  }

  #expire(): void {
    const { name, timeoutMs } = this.#details;
    this.#giveUp(new CallTimeoutError(`no answer to ${name} within ${timeoutMs} ms`));
  }

  #giveUp(error: LibvirtClientError): void {
    this.turn?.cancel();
    this.reject(error);
  }

  #abortCause(): ErrorOptions {
    return { cause: this.#details.signal?.reason };
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#details.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
