/** Those who ask and listen, in a process of their own: what they cost is not the controller's. */
import { setTimeout as pause } from 'node:timers/promises';
import { moveOf } from './layout.ts';

/** The controller's process asks for one thing after another. */
export type Errand =
  | { readonly kind: 'ask'; readonly address: string; readonly count: number }
  /** As many again hear every change. */
  | { readonly kind: 'listen'; readonly address: string; readonly ids: readonly string[] }
  | { readonly kind: 'heard' };

export type Done =
  | { readonly kind: 'asked'; readonly ids: readonly string[] }
  | { readonly kind: 'listening' }
  | { readonly kind: 'heard'; readonly events: number; readonly latenessMs: readonly number[] };

const askedAtOnce = 16;
const changeEveryMs = 200;
const heard = { events: 0, latenessMs: [] as number[] };

async function askForAll(address: string, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let next = 0;
  const askOn = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) ids[index] = await ask(address, index);
  };
  await Promise.all(Array.from({ length: askedAtOnce }, askOn));
  return ids;
}

async function ask(address: string, index: number): Promise<string> {
  const answer = await fetch(`${address}/v1/migrations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `scale-${index}` },
    body: JSON.stringify({ ...moveOf(index), importance: 'low' }),
  });
  const row: unknown = await answer.json();
  if (answer.status !== 201 || typeof row !== 'object' || row === null || !('id' in row))
    throw new Error(`move ${index} was not taken: ${answer.status} ${JSON.stringify(row)}`);
  return String(row.id);
}

async function listen(address: string, query: string): Promise<void> {
  const answer = await fetch(`${address}/v1/events?${query}`);
  if (answer.body === null) throw new Error(`no stream for ${query}`);
  void hear(answer.body);
}

async function listenToAll(address: string, ids: readonly string[]): Promise<void> {
  await Promise.all(
    ids.flatMap((id) => [
      listen(address, `migration=${id}`),
      listen(address, 'type=migration.changed'),
    ]),
  );
  void keepChanging(address, ids);
  // What was said before is not counted.
  await pause(2_000);
  heard.events = 0;
  heard.latenessMs = [];
}

/** A person who changes his mind, so that everybody has something to hear. */
async function keepChanging(address: string, ids: readonly string[]): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const importance = Math.floor(turn / ids.length) % 2 === 0 ? 'medium' : 'low';
    await fetch(`${address}/v1/migrations/${ids[turn % ids.length]}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ importance }),
    });
    await pause(changeEveryMs);
  }
}

async function hear(body: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    const messages = `${rest}${decoder.decode(piece, { stream: true })}`.split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) note(message);
  }
}

/** What is kept has the instant at which it happened; progress only counts. */
function note(message: string): void {
  if (!message.startsWith('event: ')) return;
  heard.events += 1;
  const at = /"at":"([^"]+)"/.exec(message)?.[1];
  if (at !== undefined && !message.startsWith('event: progress'))
    heard.latenessMs.push(Date.now() - Date.parse(at));
}

async function run(errand: Errand): Promise<Done> {
  switch (errand.kind) {
    case 'ask':
      return { kind: 'asked', ids: await askForAll(errand.address, errand.count) };
    case 'listen':
      await listenToAll(errand.address, errand.ids);
      return { kind: 'listening' };
    case 'heard':
      return { kind: 'heard', ...heard };
  }
}

async function runFor(errand: Errand): Promise<void> {
  process.send?.(await run(errand));
}

process.on('message', (errand: Errand) => {
  void runFor(errand);
});
process.on('disconnect', () => process.exit(0));
