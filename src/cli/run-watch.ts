import { exitCodes } from '../errors/catalogue.ts';
import { isUnderWay } from './accompany.ts';
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
      flags.timeout === undefined ? undefined : setTimeout(() => end.abort(), flags.timeout);
    try {
      await watchAll(session, new FleetView(io), end.signal);
    } finally {
      clearTimeout(timer);
      release();
    }
  });
}

async function watchAll({ client }: Session, view: FleetView, signal: AbortSignal): Promise<void> {
  const { lastEvent } = await client.status();
  for (const running of await client.migrations({ state: 'live' }, mostWatched))
    view.knows(running);
  const onBreak = (): void => view.note(`${client.server} is gone; waiting for it.`);
  for await (const streamed of client.events({}, { after: lastEvent, signal, onBreak })) {
    const heard = heardOf(streamed);
    if (heard.kind === 'reset') continue;
    if (heard.kind === 'progress') {
      view.knows(heard.migration);
      continue;
    }
    const { event } = heard;
    if (!event.type.startsWith('migration.')) continue;
    if (!view.has(event.subject)) view.knows(await client.migration(event.subject));
    view.hears(event);
  }
  view.clear();
}

const mostWatched = 1_000;
