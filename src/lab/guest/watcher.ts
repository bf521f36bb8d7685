import { closeSync, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs';
import { type Damage, type GuestLine, parseGuestLine } from './line.ts';
import type { Beat, GuestLog, Seen } from './log.ts';

/** Where a guest's serial port ends up on one host, as seen from outside it. */
export interface SerialFile {
  readonly host: string;
  readonly path: string;
}

/** The observer's monotonic clock, ms. */
export type ObserverClock = () => number;

const chunk = Buffer.alloc(64 * 1024);

/**
 * A guest writes a line byte by byte, and each is a change of the file: so long after the first the
 * line is read, whole.
 */
const settleMs = 1;

/**
 * Follows one guest's serial files on all hosts and stamps every line with the observer's clock
 * when it arrives. What the files hold before the watcher starts is not read. The kernel reports
 * changes, so a quiet guest costs nothing; the stamps are as late as the event loop is.
 */
export class HeartbeatWatcher {
  readonly #tails: readonly Tail[];
  readonly #watchers: readonly FSWatcher[];
  readonly #now: ObserverClock;
  readonly #beats: Beat[] = [];
  readonly #damages: Seen<Damage>[] = [];
  readonly #torn: Seen<{ text: string }>[] = [];
  readonly #listeners = new Set<(beat: Beat) => void>();
  #pending: NodeJS.Timeout | undefined;

  /** Files that do not exist yet are created empty: guests append to them. */
  constructor(files: readonly SerialFile[], now: ObserverClock = () => performance.now()) {
    this.#now = now;
    this.#tails = files.map((file) => new Tail(file));
    this.#watchers = files.map((file) => watch(file.path, () => this.#readSoon()));
  }

  get log(): GuestLog {
    return { beats: this.#beats, damages: this.#damages, torn: this.#torn };
  }

  /** Calls back at every beat; the returned function ends that. */
  onBeat(listener: (beat: Beat) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first beat from now on that fits; rejects after `timeoutMs`. */
  async nextBeat(fits: (beat: Beat) => boolean, timeoutMs: number): Promise<Beat> {
    const { promise, resolve, reject } = Promise.withResolvers<Beat>();
    const stop = this.onBeat((beat) => {
      if (fits(beat)) resolve(beat);
    });
    const timer = setTimeout(() => {
      reject(new Error(`no such beat within ${timeoutMs} ms`));
    }, timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /**
   * Resolves when the guest has read and checked the whole of its memory since this call; rejects
   * after `timeoutMs`. A workload's `scrub` says how long that takes.
   */
  async wholeMemoryChecked(timeoutMs: number): Promise<Beat> {
    let from: number | undefined;
    return await this.nextBeat((beat) => {
      from ??= beat.scrubbedPages;
      return beat.scrubbedPages - from >= beat.ramPages;
    }, timeoutMs);
  }

  /** Reads what is left and lets the files go. The log stays. */
  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    clearTimeout(this.#pending);
    this.#read();
    for (const tail of this.#tails) tail.close();
  }

  #readSoon(): void {
    this.#pending ??= setTimeout(() => {
      this.#pending = undefined;
      this.#read();
    }, settleMs);
  }

  /** All files at once: the half of a line may stand in one, and the other half in another. */
  #read(): void {
    const read = this.#tails.map((tail) => ({ tail, lines: tail.readLines() }));
    const atMs = this.#now();
    for (const { tail, lines } of read) {
      for (const line of lines) this.#take(tail, line, atMs);
    }
  }

  #take(tail: Tail, line: string, atMs: number): void {
    let parsed = parseGuestLine(line);
    if (parsed.kind === 'torn') parsed = this.#joinHalves(tail, line) ?? parsed;
    const seen = { atMs, host: tail.host };
    if (parsed.kind === 'beat') {
      const beat = { ...seen, ...parsed.beat };
      this.#beats.push(beat);
      for (const listener of this.#listeners) listener(beat);
    } else if (parsed.kind === 'damage') {
      this.#damages.push({ ...seen, ...parsed.damage });
    } else if (parsed.kind === 'torn') {
      this.#torn.push({ ...seen, text: parsed.text });
    }
  }

  /** A guest that is moved in the middle of a line ends it on the other host. */
  #joinHalves(tail: Tail, secondHalf: string): GuestLine | undefined {
    for (const other of this.#tails) {
      if (other === tail || other.unfinished === '') continue;
      const parsed = parseGuestLine(other.unfinished + secondHalf);
      if (parsed.kind === 'torn') continue;
      other.unfinished = '';
      return parsed;
    }
    return undefined;
  }
}

/** The growing end of one file. */
class Tail {
  readonly host: string;
  /** What has been read behind the last line's end. */
  unfinished = '';
  readonly #descriptor: number;
  #position: number;
  /** The file ended in the middle of a line when we came. */
  #skipsLine: boolean;

  constructor(file: SerialFile) {
    this.host = file.host;
    this.#descriptor = openSync(file.path, 'a+');
    this.#position = fstatSync(this.#descriptor).size;
    this.#skipsLine = this.#position > 0 && !this.#endsLine();
  }

  readLines(): string[] {
    const lines = (this.unfinished + this.#readNew()).split('\n');
    this.unfinished = lines.pop() ?? '';
    if (!this.#skipsLine || lines.length === 0) return lines;
    this.#skipsLine = false;
    return lines.slice(1);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #endsLine(): boolean {
    readSync(this.#descriptor, chunk, 0, 1, this.#position - 1);
    return chunk.toString('latin1', 0, 1) === '\n';
  }

  #readNew(): string {
    let text = '';
    for (;;) {
      const count = readSync(this.#descriptor, chunk, 0, chunk.length, this.#position);
      this.#position += count;
      text += chunk.toString('latin1', 0, count);
      if (count < chunk.length) return text;
    }
  }
}
