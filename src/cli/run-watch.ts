import { setTimeout } from 'node:timers/promises';
import type { Client } from '../client/client.ts';
import { exitCodes } from '../errors/catalogue.ts';
import { isUnderWay, isUnsteered } from './accompany.ts';
import type { WaitFlags } from './flags.ts';
import { FleetView } from './fleet-view.ts';
import { heardOf } from './happening.ts';
import { onInterrupt } from './interrupt.ts';
import type { Io } from './io.ts';
import { journey } from './journey.ts';
import { type Session, withSession } from './session.ts';

/** `drover migrations watch ID`: to its end. Without a server it is taken up where nobody steers it. */
export async function runWatch(io: Io, wanted: string, flags: WaitFlags): Promise<void> {
  await withSession(io, flags, async (session) => {
    const whole = { io, session, flags: { ...flags, wait: true } };
    await journey(whole, async () => {
      const migration = await session.client.migration(wanted);
      if (isUnderWay(migration)) session.own?.takeUp(migration.id);
      return migration;
    });
  });
}

/** `drover migrations watch`: all that run, until Ctrl-C. */
export async function runWatchAll(io: Io, flags: WaitFlags): Promise<void> {
  await withSession(io, flags, async (session) => {
    const end = new AbortController();
    const release = onInterrupt(
      () => end.abort(),
      () => process.exit(exitCodes.interrupted),
    );
    const timer =
      flags.timeout === undefined
        ? undefined
        : globalThis.setTimeout(() => end.abort(), flags.timeout);
    try {
      await watchAll(session.client, new FleetView(io, adviceOf(session, flags)), end.signal);
    } finally {
      end.abort();
      clearTimeout(timer);
      release();
    }
  });
}

export async function watchAll(
  client: Client,
  view: FleetView,
  signal: AbortSignal,
): Promise<void> {
  const { lastEvent } = await client.status();
  for (const running of await client.migrations({ state: 'live' }, mostWatched))
    view.knows(running);
  const onBreak = (): void => view.note(`${client.server} is gone; waiting for it.`);
  void tellUnsteered(client, view, signal);
  for await (const streamed of client.events({}, { after: lastEvent, signal, onBreak })) {
    const heard = heardOf(streamed);
    if (heard.kind === 'reset') continue;
    if (heard.kind === 'progress') {
      view.knows(heard.migration);
      continue;
    }
    const { event } = heard;
    if (!event.type.startsWith('migration.')) continue;
    if (!view.has(event.subject)) view.meets(await client.migration(event.subject));
    view.hears(event);
  }
  view.clear();
}

/** That nobody steers one any more is no event: who could have told of it is gone. */
async function tellUnsteered(client: Client, view: FleetView, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await setTimeout(lookMs, undefined, { signal }).catch(() => undefined);
    // A server that is gone is told by its events.
    const running = await client.migrations({ state: 'live' }, mostWatched).catch(() => []);
    if (signal.aborted) return;
    for (const migration of running)
      if (view.has(migration.id) && isUnsteered(migration)) view.knows(migration);
  }
}

function adviceOf({ client, own }: Session, { config }: WaitFlags): (id: string) => string {
  if (own === undefined) return () => `${client.server} takes it up as soon as it can.`;
  const known = config === undefined ? '' : ` --config ${config}`;
  return (id) =>
    `the hosts carry it on by themselves. To take it up: drover migrations watch ${id}${known}, or a drover serve on the same store.`;
}

const lookMs = 2_000;
const mostWatched = 1_000;
