import type { Context } from 'hono';
import { type SSEMessage, type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Controller, LiveEvent } from '../controller/controller.ts';
import { DroverError } from '../errors/catalogue.ts';
import type { EventRow, MigrationRow } from '../store/rows.ts';
import { instantOf, migrationDocument, withNever } from './documents.ts';
import type { ServerEnv } from './env.ts';

/** Whoever reads so much slower than things happen is cut off, and comes again. */
const mostWaiting = 5_000;
const atOnce = 500;
const beatMs = 15_000;

export interface StreamOptions {
  readonly controller: Controller;
  /** Ends all streams: the server stops. */
  readonly ending: AbortSignal;
  readonly log: (message: string, error: unknown) => void;
}

/** What one listener wants to hear. */
interface Wanted {
  readonly after: number | undefined;
  readonly migration: string | undefined;
  readonly type: string | undefined;
}

/**
 * All that happens from a number on, without gap or repetition: first what is kept, then what
 * comes. Progress has no number: it is not kept, and the next one tells more.
 */
export function streamEvents(context: Context<ServerEnv>, options: StreamOptions): Response {
  const wanted = wantedOf(context);
  context.header('X-Accel-Buffering', 'no');
  return streamSSE(
    context,
    async (stream) => {
      const reader = new Reader(stream, wanted, options);
      stream.onAbort(() => reader.end());
      await reader.run();
    },
    (error) => {
      options.log('an event stream broke', error);
      return Promise.resolve();
    },
  );
}

function wantedOf(context: Context<ServerEnv>): Wanted {
  const given = context.req.header('last-event-id') ?? context.req.query('after');
  if (given !== undefined && !/^\d{1,15}$/.test(given))
    throw new DroverError('usage.invalid', `after: '${given.slice(0, 40)}' is no event's number`);
  return {
    after: given === undefined ? undefined : Number(given),
    migration: context.req.query('migration'),
    type: context.req.query('type'),
  };
}

class Reader {
  readonly #stream: SSEStreamingApi;
  readonly #wanted: Wanted;
  readonly #options: StreamOptions;
  readonly #waiting: SSEMessage[] = [];
  #last = 0;
  #caughtUp = false;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(stream: SSEStreamingApi, wanted: Wanted, options: StreamOptions) {
    this.#stream = stream;
    this.#wanted = wanted;
    this.#options = options;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async run(): Promise<void> {
    const { controller, ending } = this.#options;
    const early: LiveEvent[] = [];
    const leave = await controller.subscribe((event) => {
      if (this.#caughtUp) this.#hear(event);
      else early.push(event);
    });
    const onEnding = (): void => this.end();
    ending.addEventListener('abort', onEnding);
    try {
      await this.#catchUp();
      this.#caughtUp = true;
      for (const event of early) this.#hear(event);
      await this.#pass();
    } finally {
      ending.removeEventListener('abort', onEnding);
      leave();
    }
  }

  async #catchUp(): Promise<void> {
    const { events } = this.#options.controller.store;
    const { first, last } = await events.range();
    const after = this.#wanted.after ?? last;
    this.#last = after;
    // What was asked for is no longer kept: whoever listens has to read anew what he shows.
    if (after > last || (first > 0 && after < first - 1)) {
      await this.#stream.writeSSE({ id: String(last), event: 'reset', data: '{}' });
      this.#last = last;
      return;
    }
    for (;;) {
      const page = await events.after(this.#last, atOnce);
      for (const event of page)
        if (this.#wants(event)) await this.#stream.writeSSE(messageOf(event));
      this.#last = page.at(-1)?.seq ?? this.#last;
      if (page.length < atOnce || this.#ended) return;
    }
  }

  #hear(event: LiveEvent): void {
    if (event.kind === 'progress') {
      const { migration, type } = this.#wanted;
      if (migration !== undefined && migration !== event.migration.id) return;
      if (type !== undefined && type !== 'progress') return;
      this.#push(once(event, () => progressMessage(event.migration)));
      return;
    }
    if (event.seq <= this.#last) return;
    this.#last = event.seq;
    if (this.#wants(event)) this.#push(once(event, () => messageOf(event)));
  }

  #wants({ type, subject }: EventRow): boolean {
    const { migration, type: wantedType } = this.#wanted;
    if (migration !== undefined && migration !== subject) return false;
    return wantedType === undefined || type === wantedType;
  }

  #push(message: SSEMessage): void {
    if (this.#ended) return;
    this.#waiting.push(message);
    if (this.#waiting.length > mostWaiting) this.#cutOff();
    this.#wake();
  }

  /** What waits goes with the reader, who may hang in the middle of a write for good. */
  #cutOff(): void {
    this.#waiting.length = 0;
    this.#stream.abort();
    this.end();
  }

  async #pass(): Promise<void> {
    while (!this.#ended && !this.#stream.aborted) {
      const batch = this.#waiting.splice(0);
      if (batch.length === 0) {
        await this.#silence();
        continue;
      }
      for (const message of batch) await this.#stream.writeSSE(message);
    }
    await this.#stream.close();
  }

  /** Until there is something to say, or for as long as nobody would believe that we live. */
  async #silence(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const beat = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(false);
      timer = setTimeout(() => resolve(true), beatMs);
      if (this.#waiting.length > 0 || this.#ended) resolve(false);
    });
    clearTimeout(timer);
    if (beat) await this.#stream.write(': here\n\n');
  }
}

const messages = new WeakMap<LiveEvent, SSEMessage>();

/** Many hear the same: it is put into words for the first of them. */
function once(event: LiveEvent, inWords: () => SSEMessage): SSEMessage {
  const known = messages.get(event);
  if (known !== undefined) return known;
  const message = inWords();
  messages.set(event, message);
  return message;
}

function progressMessage(migration: MigrationRow): SSEMessage {
  return { event: 'progress', data: JSON.stringify(withNever(migrationDocument(migration))) };
}

function messageOf({ seq, at, type, subject, data }: EventRow): SSEMessage {
  const told = { seq, at: instantOf(at), type, subject, data };
  return { id: String(seq), event: type, data: JSON.stringify(withNever(told)) };
}
