import { signal } from '@preact/signals';
import { readEvents, type StreamedEvent } from '../client/event-stream.ts';
import { ApiError, send } from './api.ts';
import { sessionEnded } from './session.tsx';

/** Whether what is shown is what is; and if not, since when. */
export type Link =
  | { readonly state: 'connecting' | 'live' }
  | { readonly state: 'lost'; readonly sinceMs: number };

export const link = signal<Link>({ state: 'connecting' });

/** The server speaks every 15 s: whoever says nothing for so much longer has gone, ms. */
const silenceMs = 40_000;
const pauseMs = 1_000;

export interface Listener {
  heard(event: StreamedEvent): void;
  /** Something may have been missed: all that is shown has to be read anew. */
  caughtUp(): void;
}

/** Hears all that happens, across lost connections, until the signal ends it. */
export async function listen(listener: Listener, ending: AbortSignal): Promise<void> {
  let lastId: string | undefined;
  while (!ending.aborted) {
    try {
      for await (const event of stream(lastId, ending, () => listener.caughtUp())) {
        lastId = event.id ?? lastId;
        if (event.event === 'reset') listener.caughtUp();
        else listener.heard(event);
      }
    } catch (error) {
      if (ending.aborted) return;
      if (error instanceof ApiError && error.status === 401) return sessionEnded(error);
    }
    if (link.value.state !== 'lost') link.value = { state: 'lost', sinceMs: Date.now() };
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function* stream(
  lastId: string | undefined,
  ending: AbortSignal,
  opened: () => void,
): AsyncGenerator<StreamedEvent> {
  const silence = new AbortController();
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  const either = AbortSignal.any([ending, silence.signal]);
  let timer = setTimeout(() => silence.abort(), silenceMs);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), silenceMs);
  };
  try {
    const { body } = await send('/v1/events', { headers, signal: either });
    if (body === null) return;
    const pieces = piecesOf(body, alive);
    link.value = { state: 'live' };
    opened();
    yield* readEvents(pieces);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Not every browser lets a stream be iterated over. */
async function* piecesOf(
  body: ReadableStream<Uint8Array>,
  alive: () => void,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    yield value;
  }
}
