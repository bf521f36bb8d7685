import type { ResolvedHost } from '../fleet/hosts.ts';
import { type Clock, systemClock } from '../hypervisor/clock.ts';
import { connectHost } from '../hypervisor/libvirt/connect.ts';
import type { Host } from '../hypervisor/port.ts';
import type { Past } from './knowledge.ts';

/** What the services need of the world; a test brings its own. */
export interface Surroundings {
  readonly clock: Clock;
  connect(host: ResolvedHost): Promise<Host>;
  /** Earlier migrations, newest first, as far as anybody kept them. */
  past(): Promise<readonly Past[]>;
}

/** The system's clock, and libvirt. */
export const realSurroundings: Surroundings = {
  clock: systemClock,
  connect: ({ name, uri, peerUri }) => connectHost(uri, { name, peerUri, clock: systemClock }),
  past: () => Promise.resolve([]),
};
