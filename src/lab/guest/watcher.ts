import { closeSync, type FSWatcher, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Damage } from './line.ts';
import { parseGuestLine } from './line.ts';
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
 * Follows one guest's serial files on all hosts and stamps every line with the observer's clock
 * when it arrives. What the files hold before the watcher starts is not read. The kernel reports
 * changes, so a quiet guest costs nothing; the stamps are as late as the event loop is.
 */
export class HeartbeatWatcher {
  readonly #tails: readonly Tail[];
  readonly #now: ObserverClock;
  readonly #beats: Beat[] = [];
  readonly #damages: Seen<Damage>[] = [];
  readonly #torn: Seen<{ text: string }>[] = [];
  readonly #listeners = new Set<(beat: Beat) => void>();
  #watchers: FSWatcher[] = [];

  constructor(files: readonly SerialFile[], now: ObserverClock = () => performance.now()) {
    this.#now = now;
    this.#tails = files.map((file) => new Tail(file));
    for (const tail of this.#tails) {
      const watcher = watch(dirname(tail.path), (_event, name) => {
        if (name === basename(tail.path)) this.#read(tail);
      });
      // The folder of a host that is being torn down goes away: there is nothing left to read.
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    }
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

  /** Reads what is left and lets the files go. The log stays. */
  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    for (const tail of this.#tails) {
      this.#read(tail);
      tail.close();
    }
  }

  #read(tail: Tail): void {
    const lines = tail.readLines();
    const atMs = this.#now();
    for (const line of lines) this.#take(tail, line, atMs);
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
  #joinHalves(tail: Tail, secondHalf: string): ReturnType<typeof parseGuestLine> | undefined {
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

/** The growing end of one file, which may not exist yet. */
class Tail {
  readonly host: string;
  readonly path: string;
  /** What has been read behind the last line's end. */
  unfinished = '';
  #descriptor: number | undefined;
  #position: number;

  constructor(file: SerialFile) {
    this.host = file.host;
    this.path = file.path;
    this.#position = statSync(file.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  readLines(): string[] {
    if (!this.#isOpen()) return [];
    const lines = (this.unfinished + this.#readNew()).split(/\r?\n/);
    this.unfinished = lines.pop() ?? '';
    return lines;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Opens the file, and again when another one has taken its place. */
  #isOpen(): boolean {
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there === undefined) return this.#descriptor !== undefined;
    if (this.#descriptor !== undefined && fstatSync(this.#descriptor).ino !== there.ino) {
      this.close();
      this.#position = 0;
      this.unfinished = '';
    }
    this.#descriptor ??= openSync(this.path, 'r');
    if (there.size < this.#position) this.#position = 0;
    return true;
  }

  #readNew(): string {
    let text = '';
    for (;;) {
      const count = readSync(this.#descriptor ?? -1, chunk, 0, chunk.length, this.#position);
      this.#position += count;
      text += chunk.toString('latin1', 0, count);
      if (count < chunk.length) return text;
    }
  }
}
