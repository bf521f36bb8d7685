import { randomBytes } from 'node:crypto';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { type Clock, systemClock } from '../hypervisor/clock.ts';
import { connectHost } from '../hypervisor/libvirt/connect.ts';
import type { Host } from '../hypervisor/port.ts';
import { type Journal, noJournal } from '../journal/journal.ts';

/** What the services need of the world; a test brings its own. */
export interface Surroundings {
  readonly clock: Clock;
  connect(host: ResolvedHost): Promise<Host>;
  /** Remembers migrations, for people and for the next ones. */
  readonly journal: Journal;
  /** A name that no other migration has and that sorts by time, and the time of day in ISO 8601. */
  stamp(): { readonly id: string; readonly startedAt: string };
}

/** The system's clock, and libvirt; nothing is remembered. */
export const realSurroundings: Surroundings = {
  clock: systemClock,
  connect: ({ name, uri, peerUri }) => connectHost(uri, { name, peerUri, clock: systemClock }),
  journal: noJournal,
  stamp: () => {
    const startedAt = new Date().toISOString();
    const time = startedAt.replaceAll(/[-:]|\.\d+/g, '');
    return { id: `${time}-${randomBytes(2).toString('hex')}`, startedAt };
  },
};
