import { type Duplex, duplexPair } from 'node:stream';
import { type EventName, eventDefinitions, type PayloadOf } from '../protocol/events.ts';
import {
  type ArgumentsOf,
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

/** What a handler returns to leave a call without an answer. */
export const silence = Symbol('silence');

/** Thrown by a handler: the daemon answers with this error. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

type Handler<N extends ProcedureName> = (
  args: ArgumentsOf<N>,
  peer: FakePeer,
) => ResultOf<N> | typeof silence | Promise<ResultOf<N> | typeof silence>;

const qemuErrorDomain = 10;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal object's own keys
const names = Object.keys(procedures) as ProcedureName[];

/** A daemon that answers as the test says, over streams in memory. */
export class FakeDaemon {
  /** Everyone who connected, in order. */
  readonly peers: FakePeer[] = [];
  readonly #handlers = new Map<ProcedureName, (args: never, peer: FakePeer) => unknown>();

  constructor() {
    this.answer('authList', () => [0]);
    this.answer('connectSupportsFeature', () => 1);
    this.answer('connectOpen', () => undefined);
    this.answer('connectClose', () => undefined);
  }

  answer<N extends ProcedureName>(name: N, handler: Handler<N>): void {
    this.#handlers.set(name, handler);
  }

  /** A new connection to this daemon. */
  readonly reach = async (): Promise<Duplex> => {
    const [client, server] = duplexPair();
    this.peers.push(new FakePeer(server, (call) => this.#handle(call)));
    return client;
  };

  /** The peer that connected first. */
  get peer(): FakePeer {
    const [first] = this.peers;
    if (first === undefined) throw new Error('nobody has connected');
    return first;
  }

  /** Tells every peer. */
  emit<N extends EventName>(name: N, payload: PayloadOf<N>): void {
    for (const peer of this.peers) peer.emit(name, payload);
  }

  async #handle(call: IncomingCall): Promise<unknown> {
    const handler = this.#handlers.get(call.name);
    if (handler === undefined) throw new Refusal(3, `no script for ${call.name}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- set by answer under this name
    return handler(call.args as never, call.peer);
  }
}

interface IncomingCall {
  readonly name: ProcedureName;
  readonly args: unknown;
  readonly peer: FakePeer;
}

/** The daemon's end of one connection. */
export class FakePeer {
  /** Calls as they came. */
  readonly received: ProcedureName[] = [];
  pings = 0;
  pongs = 0;
  /** Most calls that waited for an answer at one time. */
  mostUnanswered = 0;
  #unanswered = 0;
  readonly #stream: Duplex;
  readonly #splitter = new FrameSplitter();
  readonly #handle: (call: IncomingCall) => Promise<unknown>;

  constructor(stream: Duplex, handle: (call: IncomingCall) => Promise<unknown>) {
    this.#stream = stream;
    this.#handle = handle;
    stream.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk, (frame) => this.#read(frame));
    });
  }

  sendRaw(bytes: Uint8Array): void {
    if (!this.#stream.destroyed) this.#stream.write(bytes);
  }

  emit<N extends EventName>(name: N, payload: PayloadOf<N>): void {
    this.sendRaw(eventFrame(name, payload));
  }

  ping(): void {
    this.sendRaw(keepAliveFrame('ping'));
  }

  /** The daemon closes its end. */
  end(): void {
    this.#stream.end();
  }

  /** The daemon dies. */
  die(): void {
    this.#stream.destroy();
  }

  #read(frame: Buffer): void {
    const reader = new XdrReader(frame, lengthBytes);
    const header = readHeader(reader);
    if (header.program === programs.keepAlive) {
      if (header.procedure === 1) this.pings += 1;
      else this.pongs += 1;
      return;
    }
    const name = nameOf(header);
    const codec: Codec<unknown> = procedures[name].arguments;
    const args = codec.decode(reader);
    reader.end();
    this.received.push(name);
    this.#unanswered += 1;
    this.mostUnanswered = Math.max(this.mostUnanswered, this.#unanswered);
    void this.#reply(name, header.serial, args);
  }

  async #reply(name: ProcedureName, serial: number, args: unknown): Promise<void> {
    try {
      const result = await this.#handle({ name, args, peer: this });
      if (result !== silence) this.#answer(replyFrame(name, serial, result));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#answer(errorFrame(name, serial, error.code, error.message));
    }
  }

  #answer(frame: Buffer): void {
    this.#unanswered -= 1;
    this.sendRaw(frame);
  }
}

function nameOf({ program, procedure }: Header): ProcedureName {
  const name = names.find(
    (one) => procedures[one].number === procedure && procedures[one].program === program,
  );
  if (name === undefined) throw new Error(`unknown procedure ${procedure} of ${program}`);
  return name;
}

/** A whole answer as a daemon sends it. */
export function replyFrame(name: ProcedureName, serial: number, result: unknown): Buffer {
  const codec: Codec<unknown> = procedures[name].result;
  return encodeFrame(replyHeader(procedures[name], serial), codec, result);
}

/** A whole refusal as a daemon sends it: like libvirt's, it repeats the message. */
export function errorFrame(
  name: ProcedureName,
  serial: number,
  code: number,
  message: string,
): Buffer {
  const header = { ...replyHeader(procedures[name], serial), status: 'error' } as const;
  return encodeFrame(header, errorReply, {
    code,
    domain: qemuErrorDomain,
    message,
    level: 2,
    about: undefined,
    text1: '%s',
    text2: message,
    text3: undefined,
    number1: -1,
    number2: -1,
    network: undefined,
  });
}

/** A whole event as a daemon sends it. */
export function eventFrame<N extends EventName>(name: N, payload: PayloadOf<N>): Buffer {
  const { program, procedure: number, payload: codec } = eventDefinitions[name];
  const header = { ...replyHeader({ program, number }, 0), type: 'message' } as const;
  return encodeFrame(header, codec as Codec<unknown>, payload);
}

export function keepAliveFrame(kind: 'ping' | 'pong'): Buffer {
  const number = kind === 'ping' ? 1 : 2;
  const header = replyHeader({ program: programs.keepAlive, number }, 0);
  return encodeFrame({ ...header, type: 'message' }, nothing, undefined);
}

function replyHeader(
  { program, number }: { readonly program: number; readonly number: number },
  serial: number,
): Header {
  return { program, version: 1, procedure: number, type: 'reply', serial, status: 'ok' };
}
