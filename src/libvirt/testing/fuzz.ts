import { Duplex } from 'node:stream';
import { setTimeout as sleep, setImmediate as yieldToEvents } from 'node:timers/promises';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { ConnectionClosedError, LibvirtError, ProtocolError } from '../errors.ts';
import { type EventName, eventDefinitions } from '../protocol/events.ts';
import { type ProcedureName, procedures } from '../protocol/procedures.ts';
import { RpcConnection } from '../rpc/rpc-connection.ts';
import type { Codec } from '../wire/codec.ts';
import { errorFrame, eventFrame, keepAliveFrame, replyFrame } from './fake-daemon.ts';
import { chop, Dice, mutate } from './mutation.ts';
import { valuesOf } from './values.ts';

/** What happened to the frames, and everything that must not have happened. */
export interface FuzzReport {
  readonly frames: number;
  /** Connections that damaged bytes closed with ProtocolError. */
  readonly protocolErrors: number;
  /** Calls that were answered, and calls that were refused with LibvirtError. */
  readonly answered: number;
  readonly refused: number;
  /** Events that reached the client. */
  readonly events: number;
  /** Calls that were still waiting for bytes when the stream ended. */
  readonly incomplete: number;
  /** Most memory kept above the level after warm-up, in bytes, with garbage collected. */
  readonly keptGrowthBytes: number;
  readonly slowestFrameMs: number;
  readonly violations: readonly string[];
}

interface Subject {
  readonly name: ProcedureName;
  readonly args: unknown;
  /** Valid messages that answer call 1. */
  readonly answers: readonly Buffer[];
}

const samplesPerCodec = 5;
const framesPerBatch = 2000;
/** Far above what any frame needs and far below a hang, whatever else the machine does. */
const hangMs = 10_000;
const batchesPerCollection = 10;
/** More than the runtime's own caches take, far less than a million frames could leave behind. */
const mostKeptBytes = 32 * 1024 * 1024;

/** Feeds damaged messages to whole connections: splitter, header, decoders, events, calls. */
export class Fuzzer {
  readonly #dice: Dice;
  readonly #subjects: readonly [Subject, ...Subject[]];
  readonly #events: readonly Buffer[];
  readonly #all: readonly [Buffer, ...Buffer[]];
  readonly #count = { frames: 0, protocolErrors: 0, answered: 0, refused: 0, events: 0 };
  readonly #violations = new Set<string>();
  #incomplete = 0;
  #slowestMs = 0;
  #unsettled = 0;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
    this.#subjects = subjects(seed);
    this.#events = eventFrames(seed);
    const keepAlives = [keepAliveFrame('ping'), keepAliveFrame('pong')] as const;
    const answers = this.#subjects.flatMap((subject) => subject.answers);
    this.#all = [...keepAlives, ...answers, ...this.#events];
  }

  async run(frames: number): Promise<FuzzReport> {
    await this.#batch(Math.min(frames, framesPerBatch));
    const baseline = await keptBytes();
    let grown = 0;
    for (let batch = 1; this.#count.frames < frames; batch += 1) {
      await this.#batch(Math.min(frames, this.#count.frames + framesPerBatch));
      const last = this.#count.frames >= frames;
      if (last || batch % batchesPerCollection === 0) {
        grown = Math.max(grown, (await keptBytes()) - baseline);
      }
    }
    if (grown > mostKeptBytes) this.#violations.add(`${grown} bytes were kept`);
    if (this.#slowestMs > hangMs) this.#violations.add(`a frame took ${this.#slowestMs} ms`);
    return {
      ...this.#count,
      incomplete: this.#incomplete,
      keptGrowthBytes: grown,
      slowestFrameMs: this.#slowestMs,
      violations: [...this.#violations],
    };
  }

  async #batch(until: number): Promise<void> {
    while (this.#count.frames < until) this.#round();
    await yieldToEvents();
    if (this.#unsettled > 0) this.#violations.add('a call never settled');
  }

  /** One connection, one call, and a stream of one to three damaged messages. */
  #round(): void {
    const subject = this.#dice.pick(this.#subjects);
    const stream = new QuietStream();
    const rpc = new RpcConnection(stream, {
      callTimeoutMs: 0,
      mostQueuedCalls: 1,
      onEvent: () => {
        this.#count.events += 1;
      },
    });
    this.#watch(rpc, subject);
    const messages = 1 + this.#dice.below(3);
    const bytes = Array.from({ length: messages }, () => this.#damaged(subject));
    this.#count.frames += messages;
    const began = performance.now();
    for (const chunk of chop(Buffer.concat(bytes), this.#dice)) {
      try {
        stream.emit('data', chunk);
      } catch (error) {
        this.#violations.add(`thrown out of the reader: ${String(error)}`);
      }
    }
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - began);
    stream.emit('end');
  }

  #damaged(subject: Subject): Buffer {
    const frames = this.#dice.next() < 0.7 ? subject.answers : this.#events;
    const frame = frames[this.#dice.below(frames.length)] ?? this.#all[0];
    return mutate(frame, this.#dice, this.#all);
  }

  #watch(rpc: RpcConnection, subject: Subject): void {
    this.#unsettled += 2;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by this call's own codec
    rpc.call(subject.name, subject.args as never).then(
      () => this.#settle('answered'),
      (error: unknown) => this.#judgeCall(error),
    );
    void rpc.ended.then((error) => this.#judgeEnd(error));
  }

  #settle(as: 'answered' | 'refused' | 'protocolErrors'): void {
    this.#unsettled -= 1;
    this.#count[as] += 1;
  }

  #judgeCall(error: unknown): void {
    if (error instanceof LibvirtError) return this.#settle('refused');
    this.#unsettled -= 1;
    if (!(error instanceof ConnectionClosedError)) {
      this.#violations.add(`a call failed with ${String(error)}`);
    } else if (!(error.cause instanceof ProtocolError)) this.#incomplete += 1;
  }

  #judgeEnd(error: unknown): void {
    if (error instanceof ProtocolError) {
      this.#settle('protocolErrors');
      if (error.cause !== undefined) {
        this.#violations.add(`an untyped error in a decoder: ${inspect(error.cause)}`);
      }
      return;
    }
    this.#unsettled -= 1;
    if (!(error instanceof ConnectionClosedError)) {
      this.#violations.add(`a connection ended with ${String(error)}`);
    }
  }
}

/** Takes what is written and gives only what a test emits. */
class QuietStream extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

async function keptBytes(): Promise<number> {
  // Buffers outside the heap are given back a little after their collection.
  for (let passes = 0; passes < 2; passes += 1) {
    if (typeof collectGarbage === 'function') collectGarbage();
    await sleep(10);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function subjects(seed: number): [Subject, ...Subject[]] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal object's own keys
  const names = Object.keys(procedures) as ProcedureName[];
  const [first, ...others] = names.map((name) => subjectOf(name, seed));
  if (first === undefined) throw new Error('there are no procedures');
  return [first, ...others];
}

function subjectOf(name: ProcedureName, seed: number): Subject {
  const { arguments: args, result } = procedures[name];
  const replies = samples(result, seed).map((value) => replyFrame(name, 1, value));
  const refusals = [0, 42, -1].map((code) => errorFrame(name, 1, code, 'refused'));
  return { name, args: samples(args, seed)[0], answers: [...replies, ...refusals] };
}

function eventFrames(seed: number): Buffer[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a literal object's own keys
  const names = Object.keys(eventDefinitions) as EventName[];
  return names.flatMap((name) =>
    samples(eventDefinitions[name].payload, seed).map((payload) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by this event's codec
      eventFrame(name, payload as never),
    ),
  );
}

function samples(codec: Codec<unknown>, seed: number): unknown[] {
  return fc.sample(valuesOf(codec.shape), { seed, numRuns: samplesPerCodec });
}
