import type { Duplex } from 'node:stream';
import {
  CallAbortedError,
  ConnectionClosedError,
  KeepAliveTimeoutError,
  LibvirtClientError,
  LibvirtError,
  ProtocolError,
} from '../errors.ts';
import { type EventName, eventDefinitions, type WireEvent } from '../protocol/events.ts';
import {
  type ArgumentsOf,
  type Procedure,
  type ProcedureName,
  procedures,
  type ResultOf,
} from '../protocol/procedures.ts';
import { errorReply } from '../protocol/types.ts';
import { type Codec, nothing } from '../wire/codec.ts';
import { encodeFrame } from '../wire/frame.ts';
import { FrameSplitter } from '../wire/frame-splitter.ts';
import { type Header, lengthBytes, programs, readHeader } from '../wire/header.ts';
import { XdrReader } from '../wire/xdr-reader.ts';
import { CallGate } from './call-gate.ts';
import { Deadlines } from './deadlines.ts';
import { KeepAlive, type KeepAliveOptions } from './keep-alive.ts';
import { type CallOptions, PendingCall } from './pending-call.ts';

export interface RpcOptions {
  /** Time for a call that names none, in ms; 0 sets no limit. */
  readonly callTimeoutMs: number;
  /** Calls that may wait for their turn. */
  readonly mostQueuedCalls: number;
  /** Called for each event while its message is read: it must only note the event. */
  readonly onEvent: (event: WireEvent) => void;
}

const protocolVersion = 1;
const keepAliveProcedures = { ping: 1, pong: 2 } as const;
/** How long a close waits for the daemon's answer before it cuts the line. */
const closeTimeoutMs = 2000;
const highestSerial = 0xffff_ffff;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal object's own keys
const allEvents = Object.keys(eventDefinitions) as EventName[];
const eventNames: ReadonlyMap<number, ReadonlyMap<number, EventName>> = new Map(
  [programs.remote, programs.qemu].map((program) => [program, eventsOf(program)]),
);

/** By the number of the message that brings each. */
function eventsOf(program: number): ReadonlyMap<number, EventName> {
  const own = allEvents.filter((name) => eventDefinitions[name].program === program);
  return new Map(own.map((name) => [eventDefinitions[name].procedure, name]));
}

/** libvirt's RPC over any byte stream: calls, answers, events, keepalive. */
export class RpcConnection {
  /** Resolves when the connection has ended: with why, or `undefined` after `close`. */
  readonly ended: Promise<LibvirtClientError | undefined>;
  readonly #stream: Duplex;
  readonly #options: RpcOptions;
  readonly #splitter = new FrameSplitter();
  readonly #gate: CallGate<PendingCall>;
  readonly #unanswered = new Map<number, PendingCall>();
  readonly #deadlines = new Deadlines((nowMs) => this.#expire(nowMs));
  #keepAlive: KeepAlive | undefined;
  #serial = 0;
  #closing = false;
  #over: LibvirtClientError | undefined;
  readonly #resolveEnded: (error: LibvirtClientError | undefined) => void;

  constructor(stream: Duplex, options: RpcOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#gate = new CallGate(options.mostQueuedCalls, (call) => this.#send(call));
    const ended = Promise.withResolvers<LibvirtClientError | undefined>();
    this.ended = ended.promise;
    this.#resolveEnded = ended.resolve;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', (error) => this.#lost(error));
    stream.on('end', () => this.#lost(undefined));
    stream.on('close', () => this.#lost(undefined));
  }

  /** Whether calls can be made. */
  get usable(): boolean {
    return this.#over === undefined && !this.#closing;
  }

  /**
   * Makes one call. Rejects with LibvirtError when the daemon refuses, CallTimeoutError,
   * CallAbortedError, TooManyCallsError, ArgumentError, or ConnectionClosedError.
   */
  call<N extends ProcedureName>(
    name: N,
    args: ArgumentsOf<N>,
    options: CallOptions = {},
  ): Promise<ResultOf<N>> {
    return new Promise((resolve, reject) => {
      this.#requireOpen(options.signal);
      const serial = this.#nextSerial();
      const procedure: Procedure<unknown, unknown> = procedures[name];
      const call = new PendingCall({
        name,
        procedure,
        serial,
        frame: encodeFrame(callHeader(procedure, serial), procedure.arguments, args),
        timeoutMs: options.timeoutMs ?? this.#options.callTimeoutMs,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- read by N's own codec
        resolve: (value) => resolve(value as ResultOf<N>),
        reject,
      });
      this.#deadlines.watch(call.deadlineMs);
      this.#gate.enter(call);
      if (options.signal) call.heed(options.signal, (error) => this.#giveUp(call, error));
    });
  }

  /** Probes the daemon from now on and ends the connection when it stays silent. */
  startKeepAlive(options: KeepAliveOptions): void {
    this.#keepAlive?.stop();
    const onDead = (): void => {
      const silentMs = options.intervalMs * options.count;
      this.#end(new KeepAliveTimeoutError(`the daemon has been silent for over ${silentMs} ms`));
    };
    this.#keepAlive = new KeepAlive(options, () => this.#sendKeepAlive('ping'), onDead);
  }

  /** Ends the stream at once. */
  cut(): void {
    this.#end(undefined);
  }

  /** Says goodbye and ends the stream; calls without an answer reject. */
  async close(): Promise<void> {
    if (this.#over !== undefined || this.#closing) {
      await this.ended;
      return;
    }
    const goodbye = this.call('connectClose', undefined, { timeoutMs: closeTimeoutMs });
    this.#closing = true;
    await goodbye.catch(ignoreFailedGoodbye);
    this.#end(undefined);
    await this.ended;
  }

  #requireOpen(signal: AbortSignal | undefined): void {
    if (!this.usable) {
      throw new ConnectionClosedError('the connection is closed', { cause: this.#over });
    }
    if (signal?.aborted) throw new CallAbortedError('cancelled', { cause: signal.reason });
  }

  #send(call: PendingCall): void {
    this.#unanswered.set(call.serial, call);
    this.#stream.write(call.frame);
  }

  #giveUp(call: PendingCall, error: LibvirtClientError): void {
    this.#gate.cancel(call);
    call.reject(error);
  }

  #expire(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const call of this.#pending()) {
      if (call.deadlineMs <= nowMs) this.#giveUp(call, call.timeoutError());
      else next = Math.min(next, call.deadlineMs);
    }
    return next;
  }

  #pending(): readonly PendingCall[] {
    return [...this.#unanswered.values(), ...this.#gate.queued];
  }

  #nextSerial(): number {
    do {
      this.#serial = this.#serial >= highestSerial ? 1 : this.#serial + 1;
    } while (this.#unanswered.has(this.#serial));
    return this.#serial;
  }

  #receive(chunk: Buffer): void {
    this.#keepAlive?.heard();
    // Calls that these answers let in leave in one write.
    this.#stream.cork();
    try {
      this.#splitter.push(chunk, (frame) => {
        if (this.#over === undefined) this.#read(frame);
      });
    } catch (error) {
      this.#end(asClientError(error));
    } finally {
      this.#stream.uncork();
    }
  }

  #read(frame: Buffer): void {
    const reader = new XdrReader(frame, lengthBytes);
    const header = readHeader(reader);
    if (header.version !== protocolVersion) {
      throw new ProtocolError(`version ${header.version} of program ${header.program} is unknown`);
    }
    if (header.program === programs.keepAlive) return this.#readKeepAlive(header, reader);
    if (!eventNames.has(header.program)) {
      throw new ProtocolError(`program ${header.program} was never asked for`);
    }
    if (header.type === 'reply') return this.#readReply(header, reader);
    if (header.type === 'message') return this.#readEvent(header, reader);
    throw new ProtocolError(`a ${header.type} was never asked for`);
  }

  #readKeepAlive(header: Header, reader: XdrReader): void {
    reader.end();
    const { ping, pong } = keepAliveProcedures;
    if (header.type !== 'message' || (header.procedure !== ping && header.procedure !== pong)) {
      throw new ProtocolError(`keepalive ${header.type} ${header.procedure} is unknown`);
    }
    if (header.procedure === ping) this.#sendKeepAlive('pong');
  }

  #readReply(header: Header, reader: XdrReader): void {
    const call = this.#unanswered.get(header.serial);
    if (call === undefined) throw new ProtocolError(`call ${header.serial} was never made`);
    const { program, number } = call.procedure;
    if (header.procedure !== number || header.program !== program) {
      throw new ProtocolError(`${call.name} was answered as procedure ${header.procedure}`);
    }
    if (header.status === 'continue') throw new ProtocolError('an answer in parts is not possible');
    const outcome = readOutcome(call, header, reader);
    reader.end();
    this.#unanswered.delete(header.serial);
    if (outcome instanceof LibvirtError) call.reject(outcome);
    else call.resolve(outcome);
    this.#gate.leave(call.lane);
  }

  #readEvent(header: Header, reader: XdrReader): void {
    const name = eventNames.get(header.program)?.get(header.procedure);
    if (name === undefined) return;
    const codec: Codec<unknown> = eventDefinitions[name].payload;
    const payload = codec.decode(reader);
    reader.end();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- name and codec are one entry
    this.#options.onEvent({ name, payload } as WireEvent);
  }

  /** A peer that does not read what was sent before would not see a pong either. */
  #sendKeepAlive(kind: keyof typeof keepAliveProcedures): void {
    if (this.#stream.writableNeedDrain) return;
    this.#stream.write(encodeFrame(keepAliveHeader(kind), nothing, undefined));
  }

  #lost(error: Error | undefined): void {
    if (this.#over !== undefined) return;
    // The daemon hangs up as soon as it has read the goodbye, maybe before its answer is looked at.
    if (this.#closing) return this.#end(undefined);
    if (error instanceof LibvirtClientError) return this.#end(error);
    const why = error
      ? `the connection broke: ${error.message}`
      : 'the daemon closed the connection';
    this.#end(new ConnectionClosedError(why, { cause: error }));
  }

  #end(error: LibvirtClientError | undefined): void {
    if (this.#over !== undefined) return;
    this.#over = error ?? new ConnectionClosedError('closed by this side');
    this.#keepAlive?.stop();
    this.#deadlines.stop();
    for (const call of this.#pending()) call.reject(closedDuring(call.name, this.#over));
    this.#unanswered.clear();
    this.#stream.destroy();
    this.#resolveEnded(error);
  }
}

function closedDuring(name: ProcedureName, why: LibvirtClientError): ConnectionClosedError {
  return new ConnectionClosedError(`${why.message} before ${name} was answered`, { cause: why });
}

function readOutcome(call: PendingCall, header: Header, reader: XdrReader): unknown {
  if (header.status === 'error') return new LibvirtError(call.name, errorReply.decode(reader));
  return call.procedure.result.decode(reader);
}

function callHeader({ program, number }: Procedure<unknown, unknown>, serial: number): Header {
  return {
    program,
    version: protocolVersion,
    procedure: number,
    type: 'call',
    serial,
    status: 'ok',
  };
}

function keepAliveHeader(kind: keyof typeof keepAliveProcedures): Header {
  return {
    program: programs.keepAlive,
    version: protocolVersion,
    procedure: keepAliveProcedures[kind],
    type: 'message',
    serial: 0,
    status: 'ok',
  };
}

function asClientError(error: unknown): LibvirtClientError {
  if (error instanceof LibvirtClientError) return error;
  return new ProtocolError('a message could not be read', { cause: error });
}

/** The line is cut next in any case: a daemon that does not answer the goodbye changes nothing. */
function ignoreFailedGoodbye(error: unknown): void {
  if (!(error instanceof LibvirtClientError)) throw error;
}
