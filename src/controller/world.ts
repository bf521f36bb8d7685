import { randomBytes } from 'node:crypto';
import type { ResolvedHost } from '../fleet/hosts.ts';
import { type Clock, systemClock } from '../hypervisor/clock.ts';
import { libvirtHost } from '../hypervisor/libvirt/connect.ts';
import type { Host } from '../hypervisor/port.ts';

/** What the controller needs of the world beside its store; a test brings its own. */
export interface World {
  readonly clock: Clock;
  /** The time of day, ms since 1970. */
  wallMs(): number;
  /**
   * The host, which is connected to when it is first asked. `mayAct` is called right before
   * anything that changes something goes out, and throws where it must not.
   */
  hostAt(host: ResolvedHost, mayAct: () => void): Host;
  /** A name that nothing else has and that sorts by time. */
  newId(): string;
}

/** The system's clocks, and libvirt. */
export const realWorld: World = {
  clock: systemClock,
  wallMs: () => Date.now(),
  hostAt: ({ name, uri, ways, migrationTls }, mayAct) =>
    libvirtHost(uri, { name, ways, migrationTls, clock: systemClock, mayAct }),
  newId: () => {
    const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    return `${time}-${randomBytes(4).toString('hex')}`;
  },
};
