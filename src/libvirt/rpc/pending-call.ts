import { CallAbortedError, CallTimeoutError, type LibvirtClientError } from '../errors.ts';
import type { Procedure, ProcedureName } from '../protocol/procedures.ts';
import type { Lane } from './call-gate.ts';

export interface CallOptions {
  /** Time for this call in ms, waiting for its turn included; 0 sets no limit. */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting for the answer. What the daemon has begun goes on. */
  readonly signal?: AbortSignal | undefined;
}

export interface CallDetails {
  readonly name: ProcedureName;
  readonly procedure: Procedure<unknown, unknown>;
  readonly serial: number;
  readonly frame: Buffer;
  readonly timeoutMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LibvirtClientError) => void;
}

/**
 * A call on its way. Whoever gave up on it leaves it abandoned: its answer may still come, and
 * until then it holds its place at the daemon.
 */
export class PendingCall {
  readonly name: ProcedureName;
  readonly procedure: Procedure<unknown, unknown>;
  readonly lane: Lane;
  readonly serial: number;
  readonly frame: Buffer;
  /** By `performance.now`; Infinity without a limit. */
  readonly deadlineMs: number;
  readonly #details: CallDetails;
  #settled = false;
  #forgetSignal: (() => void) | undefined;

  constructor(details: CallDetails) {
    this.name = details.name;
    this.procedure = details.procedure;
    this.lane = details.procedure.waits ? 'waiting' : 'quick';
    this.serial = details.serial;
    this.frame = details.frame;
    const { timeoutMs } = details;
    this.deadlineMs = timeoutMs > 0 ? performance.now() + timeoutMs : Number.POSITIVE_INFINITY;
    this.#details = details;
  }

  /** Has `giveUp` called when the signal fires before the call is settled. */
  heed(signal: AbortSignal, giveUp: (error: CallAbortedError) => void): void {
    if (this.#settled) return;
    const onAbort = (): void => {
      giveUp(new CallAbortedError(`${this.name} was cancelled`, { cause: signal.reason }));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#forgetSignal = () => signal.removeEventListener('abort', onAbort);
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#details.resolve(value);
  }

  reject(error: LibvirtClientError): void {
    if (this.#settle()) this.#details.reject(error);
  }

  timeoutError(): CallTimeoutError {
    return new CallTimeoutError(`no answer to ${this.name} within ${this.#details.timeoutMs} ms`);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#forgetSignal?.();
    return true;
  }
}
