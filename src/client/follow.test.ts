import { expect, test } from 'vitest';
import { follow } from './follow.ts';
import type { Incoming, Outgoing, Transport } from './transport.ts';

/** Answers one request after another with what is listed; whoever asks for more never hears. */
function scripted(...answers: readonly (() => Incoming)[]): {
  transport: Transport;
  asked: Outgoing[];
} {
  const asked: Outgoing[] = [];
  const send = async (request: Outgoing): Promise<Incoming> => {
    const next = answers[asked.push(request) - 1];
    if (next !== undefined) return next();
    return new Promise((_, reject) =>
      request.signal?.addEventListener('abort', () => reject(new Error('ended'))),
    );
  };
  return { asked, transport: { name: 'there', send, close: async () => undefined } };
}

function streaming(text: string, breaks = false): () => Incoming {
  return () => ({
    status: 200,
    headers: new Headers(),
    text: async () => text,
    body: (async function* () {
      yield new TextEncoder().encode(text);
      if (breaks) throw new Error('ECONNRESET');
    })(),
  });
}

function refusing(status: number, problem: object): () => Incoming {
  const text = JSON.stringify(problem);
  return () => ({ status, headers: new Headers(), body: null, text: async () => text });
}

async function dataOf(
  transport: Transport,
  count: number,
  breaks: unknown[] = [],
): Promise<string[]> {
  const end = new AbortController();
  const seen: string[] = [];
  const following = {
    path: '/v1/events',
    signal: end.signal,
    onBreak: (error: unknown) => breaks.push(error),
  };
  for await (const { data } of follow(transport, following)) {
    seen.push(data);
    if (seen.length === count) end.abort();
  }
  return seen;
}

test('a stream that breaks goes on after the last event that had a number', async () => {
  const { transport, asked } = scripted(
    streaming('id: 7\ndata: a\n\ndata: progress\n\n', true),
    () => {
      throw new Error('ECONNREFUSED');
    },
    refusing(503, { code: 'store.unavailable', title: 'starting' }),
    streaming('id: 8\ndata: b\n\n'),
  );
  const breaks: unknown[] = [];
  expect(await dataOf(transport, 3, breaks)).toEqual(['a', 'progress', 'b']);
  expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '7', '7', '7']);
  expect(breaks).toHaveLength(1);
});

test('what the server refuses is not asked for again', async () => {
  const { transport, asked } = scripted(refusing(403, { code: 'auth.forbidden', title: 'no' }));
  await expect(dataOf(transport, 1)).rejects.toMatchObject({ code: 'auth.forbidden' });
  expect(asked).toHaveLength(1);
});
