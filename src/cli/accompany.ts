import type { Migration } from '../client/client.ts';
import { livePhases } from '../store/rows.ts';
import { type Happening, happeningOf, heardOf } from './happening.ts';
import type { Session } from './session.ts';

/** How far to go along with a migration. */
export interface Accompanying {
  readonly session: Session;
  /** As it stood after the event `after`. */
  readonly migration: Migration;
  readonly after: number;
  /** Leaves it where it is. */
  readonly leave: AbortSignal;
  /** Only until its memory flows. */
  readonly untilItFlows: boolean;
  readonly show: (happening: Happening) => void;
}

/** Goes along with a migration until it has ended, or until it is to be left, and says how it stands then. */
export async function accompany(all: Accompanying): Promise<Migration> {
  const { session, migration, after, leave, untilItFlows, show } = all;
  const { client } = session;
  const { id } = migration;
  const end = new AbortController();
  let startedAt = Date.parse(migration.startedAt ?? migration.requestedAt);
  const look = (now: Migration): void => {
    if (now.startedAt !== null) startedAt = Date.parse(now.startedAt);
    if (!isUnderWay(now) || (untilItFlows && flows(now))) end.abort();
  };
  look(migration);
  const signal = AbortSignal.any([leave, end.signal]);
  const onBreak = (): void =>
    show({ kind: 'notice', message: `${client.server} is gone; waiting for it.`, atMs: 0 });
  for await (const streamed of client.events({ migration: id }, { after, signal, onBreak })) {
    const heard = heardOf(streamed);
    if (heard.kind === 'progress') {
      look(heard.migration);
      const { phase, progress } = heard.migration;
      if (progress !== null && isUnderWay(heard.migration))
        show({
          kind: 'progress',
          phase,
          progress: { ...progress, etaMs: progress.etaMs ?? undefined },
        });
      continue;
    }
    if (heard.kind === 'event') {
      if (heard.event.type === 'migration.began') startedAt = Date.parse(heard.event.at);
      const happening = happeningOf(heard.event, startedAt);
      if (happening !== undefined) show(happening);
      if (heard.event.type !== 'migration.ended') continue;
    }
    look(await client.migration(id));
  }
  return client.migration(id);
}

/** Whether it has not ended, nor is given up on for now. */
export function isUnderWay({ phase }: Migration): boolean {
  return livePhases.some((live) => live === phase);
}

/** Whether it is under way and nobody steers it: what is known of it is where somebody last saw it. */
export function isUnsteered(migration: Migration): boolean {
  return isUnderWay(migration) && migration.startedAt !== null && migration.steeredBy === null;
}

function flows({ phase, progress }: Migration): boolean {
  return progress !== null && phase !== 'queued' && phase !== 'preflight';
}
