import { expect, test } from 'vitest';
import { readEvents } from './event-stream.ts';

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function read(...texts: readonly string[]): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of readEvents(pieces(...texts))) events.push(event);
  return events;
}

test.each([
  ['one event', ['id: 4\nevent: e\ndata: x\n\n'], [{ id: '4', event: 'e', data: 'x' }]],
  ['no blank after the colon', ['data:x\n\n'], [{ id: undefined, event: 'message', data: 'x' }]],
  [
    'several lines of data',
    ['data: a\ndata: b\n\n'],
    [{ id: undefined, event: 'message', data: 'a\nb' }],
  ],
  [
    'a sign of life',
    [': beat\n\n', 'data: x\n\n'],
    [{ id: undefined, event: 'message', data: 'x' }],
  ],
  [
    'CRLF, cut in two',
    ['data: a\r', '\n\r\ndata: b\r\n\r\n'],
    [
      { id: undefined, event: 'message', data: 'a' },
      { id: undefined, event: 'message', data: 'b' },
    ],
  ],
  [
    'a line cut in two',
    ['id: 1\nda', 'ta: long\n', '\n'],
    [{ id: '1', event: 'message', data: 'long' }],
  ],
  [
    'an event that was cut off',
    ['data: whole\n\ndata: half'],
    [{ id: undefined, event: 'message', data: 'whole' }],
  ],
  ['a number and no data', ['id: 9\n\n'], []],
])('%s', async (_what, texts, events) => {
  expect(await read(...texts)).toEqual(events);
});

test('a letter of several bytes, cut in two', async () => {
  const bytes = new TextEncoder().encode('data: ä\n\n');
  async function* cut(): AsyncGenerator<Uint8Array> {
    yield bytes.slice(0, 7);
    yield bytes.slice(7);
  }
  for await (const { data } of readEvents(cut())) expect(data).toBe('ä');
  expect.assertions(1);
});
