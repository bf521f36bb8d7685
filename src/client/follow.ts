import { setTimeout as sleep } from 'node:timers/promises';
import { unreachable } from './ask.ts';
import { readEvents, type StreamedEvent } from './event-stream.ts';
import { errorOf } from './problem.ts';
import type { Incoming, Transport } from './transport.ts';

export interface Following {
  /** With its query. */
  readonly path: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told once each time the stream breaks; it is taken up again by itself. */
  readonly onBreak?: (error: unknown) => void;
  /** The number of the event after which it begins; only what comes from now on, where not given. */
  readonly after?: number | undefined;
}

const firstPauseMs = 250;
const longestPauseMs = 5_000;
/** After this long without the server it is given up, ms. */
const patienceMs = 120_000;

/**
 * The events of a stream, across broken connections: each time it goes on after the last event
 * that had a number. Ends with `signal`; rejects with `server.unreachable` where the server stays
 * away, and with its own error where it refuses.
 */
export async function* follow(
  transport: Transport,
  following: Following,
): AsyncGenerator<StreamedEvent> {
  const { signal, onBreak, after } = following;
  let lastId = after === undefined ? undefined : String(after);
  let pauseMs = firstPauseMs;
  let awayMs = 0;
  while (!signal.aborted) {
    try {
      const body = await open(transport, following, lastId);
      for await (const event of readEvents(body)) {
        pauseMs = firstPauseMs;
        awayMs = 0;
        lastId = event.id ?? lastId;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) throw error.cause;
      if (awayMs >= patienceMs) throw unreachable(transport.name, error);
      if (awayMs === 0) onBreak?.(error);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    awayMs += pauseMs;
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** The server has answered, and not with a stream. */
class Refused extends Error {}

async function open(
  transport: Transport,
  { path, signal }: Following,
  lastId: string | undefined,
): Promise<NonNullable<Incoming['body']>> {
  const answer = await transport.send({
    method: 'GET',
    path,
    headers: {
      accept: 'text/event-stream',
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    },
    signal,
  });
  if (answer.status === 200 && answer.body !== null) return answer.body;
  const error = errorOf(transport.name, answer.status, await answer.text());
  // A server that is just starting or stopping says so with 503: that passes.
  throw answer.status === 503 ? error : new Refused('refused', { cause: error });
}
