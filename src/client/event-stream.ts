/** One event of a stream of server-sent events. */
export interface StreamedEvent {
  /** The number to go on after; `undefined` where the event has none of its own. */
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Reads the text/event-stream format of the HTML standard; comments (signs of life) are left out. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent> {
  let fields: [string, string][] = [];
  for await (const line of linesOf(body)) {
    if (line !== '') {
      fields.push(fieldOf(line));
      continue;
    }
    const event = eventOf(fields);
    fields = [];
    if (event !== undefined) yield event;
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    rest += decoder.decode(piece, { stream: true });
    // A CR at the end may be half of a CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

function eventOf(fields: readonly (readonly [string, string])[]): StreamedEvent | undefined {
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  if (data.length === 0) return undefined;
  const last = (wanted: string): string | undefined =>
    fields.findLast(([name]) => name === wanted)?.[1];
  return { id: last('id'), event: last('event') ?? 'message', data: data.join('\n') };
}
