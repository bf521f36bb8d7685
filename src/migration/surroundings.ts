import type { ResolvedHost } from '../fleet/hosts.ts';
import { type Clock, systemClock } from '../hypervisor/clock.ts';
import { libvirtHost } from '../hypervisor/libvirt/connect.ts';
import type { Host } from '../hypervisor/port.ts';
import { type Keeping, keepsNothing } from './keeping.ts';

/** What the services need of the world; a test brings its own. */
export interface Surroundings {
  readonly clock: Clock;
  /** The host, which is connected to when it is first asked. */
  hostAt(host: ResolvedHost): Host;
  readonly keeping: Keeping;
}

/** The system's clock, and libvirt; nothing is remembered. */
export const realSurroundings: Surroundings = {
  clock: systemClock,
  hostAt: ({ name, uri, ways, migrationTls }) =>
    libvirtHost(uri, { name, ways, migrationTls, clock: systemClock }),
  keeping: keepsNothing,
};
