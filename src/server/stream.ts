import type { UnderlyingSource } from 'node:stream/web';
import type { EventQuery } from '../api/events.ts';
import type { Controller, LiveEvent, ProgressOf } from '../controller/controller.ts';
import type { EventRow } from '../store/rows.ts';
import type { Events } from '../store/store.ts';
import { instantOf, jsonOf, migrationDocument } from './documents.ts';

/** Whoever reads so much slower than things happen is cut off, and comes again. */
const mostWaiting = 5_000;
/** Read of the store at once. */
const pageLength = 500;
/** After so much silence nobody would believe that we live, ms. */
const beatMs = 15_000;
/** How soon a listener is heard no more who may no longer hear, ms. */
const askAgainMs = 5_000;

const encoder = new TextEncoder();
const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Proxies that gather what they pass on would make an end of "live".
  'x-accel-buffering': 'no',
};

export interface StreamOptions {
  readonly events: Pick<Events, 'after' | 'range'>;
  readonly subscribe: Controller['subscribe'];
  /** Ends all streams: the server stops. */
  readonly ending: AbortSignal;
  /** Whether the listener may still hear: his token may have been revoked. */
  readonly mayStill: () => Promise<boolean>;
  /** Told of one listener more, and of one less. */
  readonly listening: (change: 1 | -1) => void;
  readonly log: (message: string, error: unknown) => void;
}

/**
 * All that happens from a number on, without gap or repetition: first what is kept, then what
 * comes. Progress has no number: it is not kept, and the next one tells more.
 */
export function streamEvents(wanted: EventQuery, options: StreamOptions): Response {
  return new Response(new ReadableStream(new Feed(wanted, options)), { headers });
}

/** What one listener gets. It is asked for more when he has read what he has. */
class Feed implements UnderlyingSource<Uint8Array> {
  readonly #wanted: EventQuery;
  readonly #options: StreamOptions;
  readonly #onEnding = (): void => this.#end();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #asking: NodeJS.Timeout | undefined;
  #leave: (() => void) | undefined;
  /** Told while older ones are still read of the store. */
  #early: LiveEvent[] = [];
  /** There were too many early ones: the store has them. */
  #missed = false;
  #caughtUp = false;
  #waiting: string[] = [];
  #last = 0;
  #over = false;
  #wake: () => void = () => undefined;

  constructor(wanted: EventQuery, options: StreamOptions) {
    this.#wanted = wanted;
    this.#options = options;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { listening, ending } = this.#options;
    this.#controller = controller;
    this.#asking = setInterval(() => void this.#askAgain(), askAgainMs).unref();
    listening(1);
    ending.addEventListener('abort', this.#onEnding, { once: true });
    if (ending.aborted) this.#end();
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const text = await this.#next();
      if (!this.#over) controller.enqueue(encoder.encode(text));
    } catch (error) {
      this.#options.log('an event stream broke', error);
      this.#end();
    }
  }

  /** The listener has gone. */
  cancel(): void {
    this.#controller = undefined;
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#asking);
    this.#options.ending.removeEventListener('abort', this.#onEnding);
    this.#options.listening(-1);
    this.#leave?.();
    this.#controller?.close();
    this.#wake();
  }

  async #askAgain(): Promise<void> {
    try {
      if (!(await this.#options.mayStill())) this.#end();
    } catch (error) {
      this.#options.log('whether a listener may still hear is not known', error);
    }
  }

  async #next(): Promise<string> {
    if (this.#leave === undefined) return this.#begin();
    const old = this.#caughtUp ? '' : await this.#catchUp();
    return old === '' ? this.#live() : old;
  }

  /** From here on nothing is missed. */
  async #begin(): Promise<string> {
    const { events, subscribe } = this.#options;
    const leave = await subscribe((event) => this.#hear(event), progressFor(this.#wanted));
    this.#leave = leave;
    if (this.#over) leave();
    const { first, last } = await events.range();
    const { after = last } = this.#wanted;
    // What was asked for is no longer kept: whoever listens has to read anew what he shows.
    const gone = after > last || (first > 0 && after < first - 1);
    this.#last = gone ? last : after;
    return gone ? `event: reset\nid: ${last}\ndata: {}\n\n` : ': here\n\n';
  }

  async #catchUp(): Promise<string> {
    const { events } = this.#options;
    for (;;) {
      this.#missed = false;
      const page = await events.after(this.#last, pageLength);
      this.#last = page.at(-1)?.seq ?? this.#last;
      if (page.length < pageLength && !this.#missed) this.#goLive();
      const wanted = page.filter((event) => this.#wants(event));
      if (this.#caughtUp || wanted.length > 0) return wanted.map(eventText).join('');
    }
  }

  #goLive(): void {
    this.#caughtUp = true;
    const early = this.#early;
    this.#early = [];
    for (const event of early) this.#hear(event);
  }

  #hear(event: LiveEvent): void {
    if (this.#over) return;
    if (!this.#caughtUp) this.#hearEarly(event);
    else if (event.kind === 'progress') this.#hearProgress(event);
    else if (event.seq > this.#last) {
      this.#last = event.seq;
      if (this.#wants(event)) this.#tell(textOf(event));
    }
  }

  #hearEarly(event: LiveEvent): void {
    if (event.kind === 'progress') return;
    this.#early.push(event);
    if (this.#early.length <= mostWaiting) return;
    this.#early = [];
    this.#missed = true;
  }

  #hearProgress(event: LiveEvent & { readonly kind: 'progress' }): void {
    const of = progressFor(this.#wanted);
    if (of === 'all' || (of !== 'none' && of.migration === event.migration.id))
      this.#tell(textOf(event));
  }

  #wants({ type, subject }: EventRow): boolean {
    const { migration, type: wantedType } = this.#wanted;
    if (migration !== undefined && migration !== subject) return false;
    return wantedType === undefined || type === wantedType;
  }

  #tell(text: string): void {
    this.#waiting.push(text);
    if (this.#waiting.length > mostWaiting) this.#end();
    this.#wake();
  }

  async #live(): Promise<string> {
    if (this.#waiting.length === 0) await this.#silence();
    const texts = this.#waiting;
    this.#waiting = [];
    return texts.length === 0 ? ': here\n\n' : texts.join('');
  }

  /** Until there is something to say, or for as long as anybody believes that we live. */
  async #silence(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, beatMs);
    this.#wake = resolve;
    if (this.#over) resolve();
    await promise;
    clearTimeout(timer);
  }
}

function progressFor({ migration, type }: EventQuery): ProgressOf {
  if (type !== undefined && type !== 'progress') return 'none';
  return migration === undefined ? 'all' : { migration };
}

/** Everybody who listens is told of the same event: it is put into words once. */
const texts = new WeakMap<LiveEvent, string>();

function textOf(event: LiveEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = event.kind === 'event' ? eventText(event) : progressText(event.migration);
  texts.set(event, text);
  return text;
}

function eventText({ seq, at, type, subject, data }: EventRow): string {
  const told = { seq, at: instantOf(at), type, subject, data };
  return `event: ${type}\nid: ${seq}\ndata: ${jsonOf(told)}\n\n`;
}

function progressText(migration: Parameters<typeof migrationDocument>[0]): string {
  return `event: progress\ndata: ${jsonOf(migrationDocument(migration))}\n\n`;
}
